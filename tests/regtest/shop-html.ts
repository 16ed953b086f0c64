// Owns writing HTML: whatever is put into a template is escaped, unless it is HTML of this same making.

/** HTML that is safe to put into a page as it is. */
export class Html {
  constructor(readonly text: string) {}
}

type Content = Html | string | number | undefined | false | Content[];

/** A template of HTML. Text is escaped for elements and quoted attributes; `undefined` and `false` give nothing. */
export function html(parts: TemplateStringsArray, ...contents: Content[]): Html {
  return new Html(parts.reduce((text, part, index) => text + render(contents[index - 1]) + part));
}

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (content instanceof Html) return content.text;
  if (Array.isArray(content)) return content.map(render).join('');
  return String(content).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
