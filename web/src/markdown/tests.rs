//! What each construct becomes, and that nothing else gets through.

use super::to_html;

#[test]
fn paragraphs_headings_and_inline_marks() {
    assert_eq!(to_html("One\nline.\n\nTwo"), "<p>One line.</p><p>Two</p>");
    assert_eq!(to_html("# Title"), "<h2>Title</h2>");
    assert_eq!(
        to_html("`a<b` **s** *e* _e_"),
        "<p><code>a&lt;b</code> <strong>s</strong> <em>e</em> <em>e</em></p>"
    );
    assert_eq!(to_html("a_b_c and * alone"), "<p>a_b_c and * alone</p>");
}

#[test]
fn markup_is_text() {
    assert_eq!(to_html("<script>x</script>"), "<p>&lt;script&gt;x&lt;/script&gt;</p>");
    assert_eq!(to_html("[x](javascript:alert(1))"), "<p>[x](javascript:alert(1))</p>");
    assert_eq!(
        to_html("[x](https://a.example/\"y)"),
        "<p><a href=\"https://a.example/&quot;y\" target=\"_blank\" rel=\"noopener noreferrer\">x</a></p>"
    );
}

#[test]
fn lists_nest_and_hold_code() {
    assert_eq!(to_html("- a\n- b\n  - c\n- d"), "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>");
    assert_eq!(to_html("1. a\n   more\n2. b"), "<ol><li>a more</li><li>b</li></ol>");
    assert_eq!(
        to_html("- a\n  ```\n  x: 1\n    y\n  ```\n- b"),
        "<ul><li>a<pre tabindex=\"0\"><code>x: 1\n  y\n</code></pre></li><li>b</li></ul>"
    );
    assert_eq!(to_html("- a\n\n- b\n\ntext"), "<ul><li>a</li><li>b</li></ul><p>text</p>");
}

#[test]
fn fences_quotes_and_tables() {
    assert_eq!(
        to_html("```yaml\na: *b*\n```\nafter"),
        "<pre tabindex=\"0\"><code>a: *b*\n</code></pre><p>after</p>"
    );
    assert_eq!(to_html("> one\n> two"), "<blockquote><p>one two</p></blockquote>");
    assert_eq!(
        to_html("| a | b |\n|---|---|\n| 1 | `2` |"),
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td><code>2</code></td></tr></table>"
    );
}

#[test]
fn an_open_fence_runs_to_the_end() {
    assert_eq!(to_html("```\nx"), "<pre tabindex=\"0\"><code>x\n</code></pre>");
}
