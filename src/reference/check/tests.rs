//! What the check of the reference tables finds.

use super::*;

#[test]
fn the_tables_of_the_binary_hold() {
    let report = check();
    for table in &report.tables {
        assert!(table.problems.is_empty(), "{}: {}", table.file, table.problems.join("\n"));
        let EvidenceCounts { seen, memory, assumption } = table.evidence;
        assert!(table.rows > 0 && seen + memory + assumption == table.rows, "{}", table.file);
    }
    assert!(report.between.is_empty(), "{}", report.between.join("\n"));
    assert_eq!(report.tables.len(), RULES.len());
}

#[test]
fn a_broken_table_is_described_by_row() {
    let problems = |text: &str| check_table("mfu.csv", text).problems;
    let rows = |rows: &str| problems(&format!("model,mfu,source,vintage,evidence\n{rows}"));
    assert!(rows("a,0.3,s,v,seen\nb,0.4,s,v,memory\n").is_empty());
    assert_eq!(rows("b,0.3,s,v,seen\na,0.4,s,v,seen\n"), ["row 3: key 'a' is not above the one before"]);
    assert_eq!(rows("a,3,s,v,seen\n"), ["row 2: mfu = 3 is outside 0.01 to 0.75"]);
    assert_eq!(rows("a,0.3,,v,seen\n"), ["row 2: source is empty"]);
    assert_eq!(rows("a,0.3,s,v,seen in file\n"), ["row 2: evidence = 'seen in file' is none of seen, memory, assumption"]);
    assert_eq!(rows("a,0.3,s,v,\n"), ["row 2: evidence = '' is none of seen, memory, assumption"]);
    assert_eq!(problems("model,mfu,source\na,0.3,s\n"), ["columns are missing: vintage, evidence"]);
    assert!(rows("a,0.3\n")[0].contains("not readable"));
}

#[test]
fn rows_are_counted_by_their_evidence() {
    let text = "model,mfu,source,vintage,evidence\na,0.3,s,v,seen\nb,0.3,s,v,memory\nc,0.3,s,v,seen\nd,0.3,s,v,assumption\n";
    let report = check_table("mfu.csv", text);
    assert_eq!((report.rows, report.evidence), (4, EvidenceCounts { seen: 2, memory: 1, assumption: 1 }));
}
