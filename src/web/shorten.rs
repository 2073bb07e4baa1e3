//! Style sheets and scripts as they are sent: comments and blanks stay at home. `build.rs` takes this file in; here it
//! stands for its tests. It knows strings and comments and nothing else of the two languages, so it never has to guess:
//! where a blank may mean something, one stays.

/// A style sheet without comments and needless blanks. A blank beside `+`, `-`, `*` or `~` and before `:` or `(` may mean
/// something (a sum, a descendant, `and (`) and stays.
pub fn css(sheet: &str) -> String {
    let mut short = String::with_capacity(sheet.len());
    let (mut rest, mut blank) = (sheet, false);
    while let Some(next) = rest.chars().next() {
        if next.is_whitespace() || rest.starts_with("/*") {
            blank = true;
            rest = match rest.strip_prefix("/*") {
                Some(comment) => comment.split_once("*/").expect("a comment ends").1,
                None => rest.trim_start(),
            };
            continue;
        }
        let means_nothing = short.ends_with(['{', '}', ';', ',', '>', '(', ':', '/'])
            || matches!(next, '{' | '}' | ';' | ',' | '>' | ')' | '/' | '!')
            || short.is_empty();
        if blank && !means_nothing {
            short.push(' ');
        }
        blank = false;
        if next == '}' && short.ends_with(';') {
            short.pop();
        }
        let length = match next {
            '"' | '\'' => 2 + rest[1..].find(next).expect("a string ends"),
            other => other.len_utf8(),
        };
        short.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    short
}

/// A script without comments of whole lines, notes on types (`/** … */`) and indentation. Lines stay lines: nothing that
/// ends without a semicolon changes. No text of a script runs over lines or holds `/**`.
pub fn js(script: &str) -> String {
    let mut code = String::with_capacity(script.len());
    let mut rest = script;
    while let Some((before, note)) = rest.split_once("/**") {
        code.push_str(before);
        rest = note.split_once("*/").expect("a note on types ends").1;
    }
    code.push_str(rest);
    let lines = code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Modules as one script, in this order: they share one scope, so what they import is there, and what they export is
/// nobody else's business.
///
/// # Panics
/// When a module imports one that does not stand before it.
pub fn join(modules: &[(&str, String)]) -> String {
    let (mut joined, mut there) = (String::new(), Vec::new());
    for (name, code) in modules {
        for line in code.lines() {
            if let Some(import) = line.strip_prefix("import ") {
                let from = import.split('"').nth(1).unwrap_or_else(|| panic!("{name}: an import on one line: {line}"));
                let from = from.trim_start_matches("./").trim_end_matches(".js");
                assert!(there.contains(&from), "{name} imports {from}, which does not stand before it");
                continue;
            }
            joined.push_str(line.strip_prefix("export ").unwrap_or(line));
            joined.push('\n');
        }
        there.push(*name);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_loses_what_means_nothing() {
        for (long, short) in [
            ("/* a */ .a { color : red; }\n", ".a{color :red}"),
            (".a,\n.b > .c { margin: 0 auto; }", ".a,.b>.c{margin:0 auto}"),
            (".a { &.b { x: y; } }", ".a{&.b{x:y}}"),
            (
                "@media (min-width: 4rem) and (orientation: landscape) { }",
                "@media (min-width:4rem) and (orientation:landscape){}",
            ),
            (".a { grid: auto / 1fr; display: none !important; }", ".a{grid:auto/1fr;display:none!important}"),
            ("@layer a, b;\n\n@layer a { }", "@layer a,b;@layer a{}"),
        ] {
            assert_eq!(css(long), short, "{long}");
        }
    }

    #[test]
    fn a_sheet_keeps_what_means_something() {
        for kept in [
            ".a{width:calc(1px + 2 * -1vmin)}",
            ".a :is(b,c){x:y}",
            ".a ~ .b{x:y}",
            "& + &::before{content:\" /* not a comment */ ; }\"}",
            "@media (a) and (b){x{y:z}}",
            ".a .b{x:y}",
            ".a{transition:a 1s b,c 2s}",
            ".a{background:var(--a) padding-box}",
        ] {
            assert_eq!(css(kept), kept);
        }
    }

    #[test]
    fn a_script_keeps_its_lines() {
        let script =
            "// @ts-check\n/** @type {A\n * | B} */\nlet a = /** @type {any} */ (b);\n\n  if (a) // why\n    c();\n";
        assert_eq!(js(script), "let a =  (b);\nif (a) // why\nc();\n");
    }

    #[test]
    fn modules_share_one_scope_in_their_order() {
        let modules = [
            ("a", "export const A = 1;\n".to_owned()),
            ("b", "import { A } from \"./a.js\";\nimport(A);\n".to_owned()),
        ];
        assert_eq!(join(&modules), "const A = 1;\nimport(A);\n");
    }

    #[test]
    #[should_panic(expected = "a imports b, which does not stand before it")]
    fn a_module_that_stands_too_early_ends_the_build() {
        join(&[("a", "import { B } from \"./b.js\";\n".to_owned()), ("b", "export const B = 1;\n".to_owned())]);
    }
}
