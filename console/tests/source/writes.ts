/** Finds in the source which controls of the console write to the server, by following names from file to file. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

const SOURCE = resolve(import.meta.dirname, "../../src");
const WRITING_METHODS = new Set(["POST", "PUT", "PATCH", "DELETE"]);
/** A request that only checks an input changes nothing. */
const CHECKS = /validate/;
/** What the user presses or switches, and the property that acts. */
const CONTROLS: Record<string, string> = {
  button: "onClick",
  Button: "onClick",
  IconButton: "onClick",
  MenuItem: "onSelect",
  Switch: "onChange",
  Checkbox: "onChange",
};
const HANDLER = /^on[A-Z]/;

/** `text` has its file and its handler. */
export type Control = { text: string; line: number; needsServer: boolean };

/** All controls that reach a request that writes. */
export function writingControls(): Control[] {
  const paths = readdirSync(SOURCE, { recursive: true, encoding: "utf-8" });
  const files = paths.filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts")).map((path) => new File(path));
  const names = new Map<string, Name>();
  for (const file of files) file.addNames(names);
  return files.flatMap(({ controls }) => controls.filter(({ handler }) => writes(handler, names)));
}

/** A name of a file or a handler: the places of the names that it uses, and whether it sends a request itself. */
class Name {
  readonly uses = new Set<string>();
  isWriter = false;
}

function writes(handler: Name, names: ReadonlyMap<string, Name>): boolean {
  const reached = new Set([handler]);
  for (const name of reached) {
    if (name.isWriter) return true;
    for (const place of name.uses) {
      const next = names.get(place);
      if (next) reached.add(next);
    }
  }
  return false;
}

/** A source file. Things with the same name in one file count as one thing. */
class File {
  readonly controls: (Control & { handler: Name })[] = [];
  private readonly path: string;
  private readonly tree: ts.SourceFile;
  private readonly imports = new Map<string, string>();

  constructor(path: string) {
    const text = readFileSync(join(SOURCE, path), "utf-8");
    this.path = path.replace(/\.tsx?$/, "");
    this.tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
    for (const each of this.tree.statements) if (ts.isImportDeclaration(each)) this.addImports(each);
  }

  addNames(names: Map<string, Name>): void {
    const owned = (place: string) => names.get(place) ?? names.set(place, new Name()).get(place) ?? new Name();
    const visit = (node: ts.Node, owners: readonly Name[]): void => {
      if (ts.isTypeNode(node)) return;
      const added = this.placesOf(node).map(owned);
      const control = ts.isJsxAttribute(node) ? this.controlOf(node) : null;
      if (control) added.push(control.handler);
      const all = added.length > 0 ? [...owners, ...added] : owners;
      if (ts.isIdentifier(node) && isUse(node)) for (const owner of all) owner.uses.add(this.placeOf(node.text));
      if (sendsWrite(node)) for (const owner of all) owner.isWriter = true;
      ts.forEachChild(node, (child) => visit(child, all));
    };
    visit(this.tree, []);
  }

  private addImports({ moduleSpecifier, importClause }: ts.ImportDeclaration): void {
    const specifier = ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : "";
    const bindings = importClause?.namedBindings;
    if (!/^(@\/|\.)/.test(specifier) || !bindings || !ts.isNamedImports(bindings)) return;
    const target = specifier.startsWith("@/") ? specifier.slice(2) : join(dirname(this.path), specifier);
    for (const { name, propertyName } of bindings.elements) {
      this.imports.set(name.text, `${target}#${(propertyName ?? name).text}`);
    }
  }

  private placeOf(name: string): string {
    return this.imports.get(name) ?? `${this.path}#${name}`;
  }

  /** What a node defines: a function, variables, or the handler that a component gets. */
  private placesOf(node: ts.Node): string[] {
    if (ts.isFunctionDeclaration(node) && node.name) return [`${this.path}#${node.name.text}`];
    if (ts.isVariableDeclaration(node) && isState(node)) return []; // to set a state sends nothing
    if (ts.isVariableDeclaration(node)) return boundNames(node.name).map((name) => `${this.path}#${name}`);
    if (!ts.isJsxAttribute(node) || !HANDLER.test(node.name.getText())) return [];
    const [component = ""] = node.parent.parent.tagName.getText().split(".");
    if (/^[a-z]/.test(component)) return []; // an element of HTML
    return [`${this.placeOf(component).split("#")[0]}#${node.name.getText()}`];
  }

  private controlOf(node: ts.JsxAttribute): (Control & { handler: Name }) | null {
    const element = node.parent.parent;
    const tag = element.tagName.getText();
    if (CONTROLS[tag] !== node.name.getText()) return null;
    const line = this.tree.getLineAndCharacterOfPosition(element.getStart()).line + 1;
    const needsServer = node.parent.properties.some((each) => each.name?.getText() === "needsServer");
    const text = `${this.path}: <${tag} ${node.getText()}>`.replace(/\s+/g, " ");
    const control = { line, text, needsServer, handler: new Name() };
    this.controls.push(control);
    return control;
  }
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((each) => (ts.isOmittedExpression(each) ? [] : boundNames(each.name)));
}

function isState({ initializer }: ts.VariableDeclaration): boolean {
  return (
    initializer !== undefined && ts.isCallExpression(initializer) && initializer.expression.getText() === "useState"
  );
}

/** Of properties only handlers count, such as `props.onSave`. What a query does is no order of the user. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  const isProperty =
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    ts.isJsxAttribute(parent);
  return isProperty ? HANDLER.test(node.text) : !node.text.endsWith("Query");
}

/** `local.POST(...)`, `{ method: "POST" }`, or `upload.open("PUT", ...)`. */
function sendsWrite(node: ts.Node): boolean {
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const [first] = node.arguments;
    const { text } = node.expression.name;
    if (text === "open") return first !== undefined && ts.isStringLiteral(first) && WRITING_METHODS.has(first.text);
    return WRITING_METHODS.has(text) && !CHECKS.test(first?.getText() ?? "");
  }
  if (!ts.isPropertyAssignment(node) || node.name.getText() !== "method") return false;
  const call = node.parent.parent;
  const isCheck = ts.isCallExpression(call) && CHECKS.test(call.arguments[0]?.getText() ?? "");
  return ts.isStringLiteral(node.initializer) && WRITING_METHODS.has(node.initializer.text) && !isCheck;
}
