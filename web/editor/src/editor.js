// The lab's editor: CodeMirror 6 in a shadow root, driven by plain calls.
//
// It knows documents, positions and marks; it knows nothing of Kubernetes. The shadow root lets CodeMirror adopt
// its style sheet, so the page's Content-Security-Policy needs neither a nonce nor 'unsafe-inline'.
// Lines and columns are counted from one; columns are UTF-16 units, as CodeMirror counts.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, bracketMatching, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorSelection, EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

const ink = HighlightStyle.define([
  { tag: [t.propertyName, t.definition(t.propertyName)], color: "var(--code-key)" },
  { tag: [t.string, t.special(t.string), t.content], color: "var(--code-string)" },
  { tag: [t.number, t.bool, t.null, t.atom], color: "var(--code-literal)" },
  { tag: [t.keyword, t.typeName, t.labelName, t.meta], color: "var(--code-meta)" },
  { tag: t.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [t.punctuation, t.separator, t.bracket], color: "var(--code-punctuation)" },
]);

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--surface-raised)", fontSize: "var(--code-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", overflow: "auto" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 12px 0 6px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--surface-raised)", color: "var(--ink-faint)", border: "none", paddingLeft: "4px" },
  ".cm-activeLine": { backgroundColor: "var(--code-line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--code-line)", color: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "var(--selection) !important",
  },
  ".cm-matchingBracket": { backgroundColor: "var(--code-line)", outline: "1px solid var(--rule)" },
  ".cm-tooltip": {
    backgroundColor: "var(--surface-raised)", color: "var(--ink)", border: "1px solid var(--rule)",
    borderRadius: "6px", maxWidth: "40rem",
  },
  ".cm-diagnostic": { padding: "6px 10px", fontFamily: "var(--mono)", fontSize: "13px", whiteSpace: "pre-wrap" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--denied)" },
  ".cm-diagnostic-warning": { borderLeft: "3px solid var(--attention)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--denied)", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline dotted var(--attention)", textUnderlineOffset: "3px" },
  ".cm-lint-marker": { width: "10px", height: "10px" },
  ".cm-lint-marker-error": { content: "none", backgroundColor: "var(--denied)", borderRadius: "2px", transform: "rotate(45deg)" },
  ".cm-lint-marker-warning": { content: "none", backgroundColor: "var(--attention)", borderRadius: "50%" },
});

const languageOf = (path) => (/\.(ya?ml|json)$/.test(path) ? yaml() : []);

/** Makes an editor inside `host`; `on` holds `change(path, text)` and `apply()`. */
export function create(host, on) {
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(":host{display:block;height:100%}.box{height:100%}@media (forced-colors:active){.cm-editor{forced-color-adjust:none}}");
  root.adoptedStyleSheets = [sheet];
  const box = root.appendChild(document.createElement("div"));
  box.className = "box";

  // One state a file, so that each tab keeps its own undo history and selection.
  const states = new Map();
  let current = null;
  // While the page itself puts text in, nothing was typed and nobody is told.
  let quiet = false;

  const stateOf = (path, text) =>
    EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        bracketMatching(),
        indentUnit.of("  "),
        EditorState.tabSize.of(2),
        new Compartment().of(languageOf(path)),
        syntaxHighlighting(ink),
        look,
        EditorView.contentAttributes.of({ "aria-label": `Editor, ${path}`, spellcheck: "false", autocapitalize: "off", tabindex: "0" }),
        keymap.of([{ key: "Mod-Enter", run: () => (on.apply(), true) }, ...defaultKeymap, ...historyKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !quiet && current) on.change(current, update.state.doc.toString());
        }),
      ],
    });

  const view = new EditorView({ parent: box, root });
  const at = (line, column) => {
    const doc = view.state.doc;
    const found = doc.line(Math.min(Math.max(line, 1), doc.lines));
    return Math.min(found.from + Math.max(column - 1, 0), found.to);
  };

  return {
    /** Shows `path`; `text` is what the session holds, and wins over what the tab held. */
    open(path, text) {
      quiet = true;
      if (current && current !== path) states.set(current, view.state);
      if (current !== path) {
        current = path;
        view.setState(states.get(path) ?? stateOf(path, text));
      }
      if (view.state.doc.toString() !== text) {
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      }
      quiet = false;
    },
    /** Marks as [{line, column, severity, message}]; an empty list clears them. */
    mark(marks) {
      const found = marks.map(({ line, column, severity, message }) => {
        const from = at(line, column);
        const end = view.state.doc.lineAt(from).to;
        const word = /^[^\s:,[\]{}]+/.exec(view.state.sliceDoc(from, end));
        return { from, to: Math.max(word ? from + word[0].length : end, from), severity, message };
      });
      view.dispatch(setDiagnostics(view.state, found));
    },
    goto(line, column) {
      const where = at(line, column);
      view.dispatch({ selection: EditorSelection.cursor(where), effects: EditorView.scrollIntoView(where, { y: "center" }) });
      view.focus();
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
