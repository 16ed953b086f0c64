// Owns how every screen is looked at: in light and dark, on a phone, a tablet and a desktop; in each axe finds nothing, and nothing is cut off.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, type ViewportSize } from '@playwright/test';

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
      await page.evaluate(endTransitions);
      expect.soft(await violations(page), `${screen}, ${colorScheme}, ${viewport.width} wide`).toEqual([]);
    }
    expect.soft(await cutOff(page), `${screen}, cut off, ${viewport.width} wide`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  if (usual) await resize(page, usual);
}

/** Chromium was once seen to draw no frame any more after all these sizes, and whoever wants to click waits for two: another size wakes it. */
async function resize(page: Page, size: ViewportSize): Promise<void> {
  await expect(async () => {
    await page.setViewportSize({ ...size, height: size.height + 1 });
    await page.setViewportSize(size);
    expect(await page.evaluate(drawsFrames), 'the page draws').toBe(true);
  }).toPass({ timeout: 20_000 });
}

function drawsFrames(): Promise<boolean> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(true)));
    setTimeout(() => resolve(false), 3_000);
  });
}

/** At once: a browser that draws no frame, as nothing changes, never ends one. The end of one can begin another in what inherits from it. */
function endTransitions(): void {
  const running = (): Animation[] => document.getAnimations().filter((each) => each instanceof CSSTransition);
  for (let some = running(); some.length > 0; some = running()) for (const each of some) each.finish();
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
