// Microsoft's analyser of Kusto over lines of JSON: {"query": …} in, {"errors": […], "warnings": […]} out.
//   node kusto.js SCHEMA.json
// SCHEMA.json is {table: {column: type}}; a line may have a "schema" of its own instead. Besides the analyser's own errors there are warnings for what it accepts
// and Sentinel does not mean or allow: unlike types compared, two literals compared, isnull() on a string, length.
'use strict';
const fs = require('fs');
const path = require('path');
const readline = require('readline');

const home = path.join(__dirname, 'node_modules/@kusto/language-service-next');
require(path.join(home, 'bridge.min.js')); // both attach themselves to the global scope
require(path.join(home, 'Kusto.Language.Bridge.min.js'));
const Kusto = global.Kusto.Language;

function globals(schema) {
  const tables = Object.entries(schema).map(([table, columns]) => {
    // In brackets, or columns named like keywords are lost.
    const list = Object.entries(columns).map(([name, type]) => `['${name.replace(/'/g, "\\'")}']:${type}`);
    return new Kusto.Symbols.TableSymbol.$ctor7(table, `(${list.join(', ')})`, null);
  });
  const database = new Kusto.Symbols.DatabaseSymbol.ctor('db', tables);
  return Kusto.GlobalState.Default.WithDatabase(database);
}

const NUMBERS = ['int', 'long', 'real', 'decimal'];
const typeOf = (node) => node && node.ResultType && node.ResultType.Name;
const known = (type) => type && !['unknown', 'error', 'dynamic'].includes(type);
const unlike = (a, b) => known(a) && known(b) && a !== b && !(NUMBERS.includes(a) && NUMBERS.includes(b));
const element = (item) => item.Element$1 || item.Element || item;

function lint(code, text) {
  const found = [];
  Kusto.Syntax.SyntaxElement.WalkNodes(code.Syntax, (node) => {
    const operator = node.Operator && node.Operator.Text;
    if (operator && node.Left && node.Right) {
      if (node.Left.IsLiteral && node.Right.IsLiteral) found.push(`two literals compared: ${node.toString()}`);
      if (/^(==|!=|<>)$/.test(operator) && unlike(typeOf(node.Left), typeOf(node.Right))) {
        found.push(`${operator} compares ${typeOf(node.Left)} with ${typeOf(node.Right)}`);
      }
      if (/^!?in~?$/.test(operator) && node.Right.Expressions) {
        for (let i = 0; i < node.Right.Expressions.Count; i++) {
          const item = element(node.Right.Expressions.getItem(i));
          if (unlike(typeOf(node.Left), typeOf(item))) found.push(`${operator} compares ${typeOf(node.Left)} with ${typeOf(item)}`);
        }
      }
    }
    if (node.Name && /^is(not)?null$/.test(node.Name.SimpleName) && node.ArgumentList) {
      const argument = element(node.ArgumentList.Expressions.getItem(0));
      if (typeOf(argument) === 'string') found.push(`${node.Name.SimpleName}() on a string`);
    }
  });
  if (text.length > 10000) found.push(`${text.length} characters; an analytics rule takes 10,000`);
  if (/\b(search|union)\s+\*/.test(text)) found.push('search * and union * are not allowed in a rule');
  return found;
}

const state = globals(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')));
let last = { key: '', state }; // the schema of its own that the line before had
function stateOf(schema) {
  const key = JSON.stringify(schema);
  if (key !== last.key) last = { key, state: globals(schema) };
  return last.state;
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { query, schema } = JSON.parse(line);
  const code = Kusto.KustoCode.ParseAndAnalyze(query, schema ? stateOf(schema) : state);
  const diagnostics = code.GetDiagnostics();
  const errors = [];
  for (let i = 0; i < diagnostics.Count; i++) {
    const d = diagnostics.getItem(i);
    errors.push(`${d.Severity} ${d.Code} at ${d.Start}: ${d.Message}`);
  }
  process.stdout.write(JSON.stringify({ errors, warnings: lint(code, query) }) + '\n');
});
