// Which Python file is which module. It knows paths only.

/** Whether `from package import name` leads to this file as a whole. */
export function isModuleNamed(path: string, name: string): boolean {
  return `/${path}`.endsWith(`/${name}.py`) || `/${path}`.endsWith(`/${name}/__init__.py`);
}
