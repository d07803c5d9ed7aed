//! What admins mail and read: HTML and XML. The forms are those of the examples in Microsoft's documentation of ConvertTo-Html
//! and Select-Xml; the PowerShell that the engine is compared with has neither.

use super::shown;

#[test]
fn objects_are_pages_and_tables() {
    let rows = "[pscustomobject]@{ N = 'a<b'; V = 1 }, [pscustomobject]@{ N = 'c'; V = 2 }";
    assert_eq!(
        shown(&format!("{rows} | ConvertTo-Html -Title 'Report' -PreContent '<h1>H</h1>' -PostContent '<p>e</p>'")),
        [
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\"  \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">",
            "<html xmlns=\"http://www.w3.org/1999/xhtml\">",
            "<head>",
            "<title>Report</title>",
            "</head><body>",
            "<h1>H</h1>",
            "<table>",
            "<colgroup><col/><col/></colgroup>",
            "<tr><th>N</th><th>V</th></tr>",
            "<tr><td>a&lt;b</td><td>1</td></tr>",
            "<tr><td>c</td><td>2</td></tr>",
            "</table>",
            "<p>e</p>",
            "</body></html>",
        ]
    );
    assert_eq!(
        shown(&format!("{rows} | Select-Object -First 1 | ConvertTo-Html -As List -Fragment")),
        ["<table>", "<tr><td>N:</td><td>a&lt;b</td></tr>", "<tr><td>V:</td><td>1</td></tr>", "</table>"]
    );
    assert_eq!(
        shown(&format!("{rows} | ConvertTo-Html -Fragment -Property V"))[1..3],
        ["<colgroup><col/></colgroup>", "<tr><th>V</th></tr>"]
    );
}

#[test]
fn nodes_are_selected_by_their_paths() {
    let items = "'<r><i id=\"1\">x</i><i id=\"2\">y</i></r>'";
    assert_eq!(shown(&format!("{items} | Select-Xml '//i' | ForEach-Object {{ $_.Node.InnerText }}")), ["x", "y"]);
    assert_eq!(shown(&format!("(Select-Xml -Content {items} -XPath '/r/i[@id=\"2\"]').Node.id")), ["2"]);
}
