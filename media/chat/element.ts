// Builds elements from values. Text always goes in as text nodes: nothing here parses HTML, and no handler is an attribute.

type Attributes = Readonly<Record<string, string>>;

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A codicon; decoration only, so screen readers skip it. */
export function icon(name: string): HTMLElement {
  return element('span', { class: `codicon codicon-${name}`, 'aria-hidden': 'true' });
}

export interface ButtonOptions {
  readonly icon: string;
  /** What a screen reader says and what a pointer shows. */
  readonly label: string;
  readonly onClick: (button: HTMLButtonElement) => void;
}

export function iconButton(options: ButtonOptions): HTMLButtonElement {
  const button = element('button', { type: 'button', class: 'icon-button', title: options.label, 'aria-label': options.label }, icon(options.icon));
  button.addEventListener('click', () => options.onClick(button));
  return button;
}

export function textButton(options: { readonly text: string; readonly kind: 'primary' | 'secondary'; readonly onClick: () => void }): HTMLButtonElement {
  const button = element('button', { type: 'button', class: `text-button ${options.kind}` }, options.text);
  button.addEventListener('click', options.onClick);
  return button;
}

/** How long a button shows that it has done its work, ms. */
const confirmationMs = 1500;

/** Turns a button's icon into a tick for a moment. */
export function confirmOnButton(button: HTMLButtonElement, ownIcon: string): void {
  button.replaceChildren(icon('check'));
  setTimeout(() => button.replaceChildren(icon(ownIcon)), confirmationMs);
}
