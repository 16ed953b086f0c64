// Owns how every screen is looked at: in light and dark, on a phone, a tablet and a desktop; in each axe finds nothing, and nothing is cut off.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

export const smallPhone = { width: 360, height: 780 };
const viewports = [smallPhone, { width: 768, height: 1024 }, { width: 1440, height: 900 }];
const colorSchemes = ['light', 'dark'] as const;

/** Nothing that axe knows of is wrong, however the screen is looked at, and nothing is cut off. The page is as it was afterwards. */
export async function expectAccessible(page: Page, screen: string): Promise<void> {
  const usual = page.viewportSize();
  for (const viewport of viewports) {
    await page.setViewportSize(viewport);
    for (const colorScheme of colorSchemes) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.waitForFunction(() => document.getAnimations().every((each) => !(each instanceof CSSTransition)));
      expect.soft(await violations(page), `${screen}, ${colorScheme}, ${viewport.width} wide`).toEqual([]);
    }
    expect.soft(await cutOff(page), `${screen}, cut off, ${viewport.width} wide`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  if (usual) await page.setViewportSize(usual);
}

async function violations(page: Page): Promise<string[]> {
  // To read its source takes axe longer than to judge a screen; a page that has it already needs it no more.
  const hasAxe = await page.evaluate(() => 'axe' in globalThis);
  const axe = new AxeBuilder({ page, ...(hasAxe && { axeSource: ';' }) }).setLegacyMode(true);
  const { violations: found } = await axe.options({ resultTypes: ['violations'] }).analyze();
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

/** What is wider than the screen, or a text wider than its place; empty is good. */
export function cutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isCutOff = (element: Element): boolean =>
      element.clientWidth > 0 &&
      !element.closest('.visually-hidden') &&
      element.scrollWidth > element.clientWidth + 1 &&
      getComputedStyle(element).textOverflow !== 'ellipsis';
    const suspects = 'main :is(button, a, h1, h2, p, dt, dd, label, legend, summary), nav a, dialog, .offer *';
    return [document.documentElement, ...document.querySelectorAll(suspects)]
      .filter(isCutOff)
      .map((element) => `${element.tagName} ${element.textContent?.trim().slice(0, 60)}`);
  });
}
