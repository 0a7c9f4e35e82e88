use super::*;

#[test]
fn link_headers() {
    assert_eq!(next_link(r#"<https://hub/a?cursor=x,y>; rel="next""#).as_deref(), Some("https://hub/a?cursor=x,y"));
    assert_eq!(next_link(r#"</p>; rel="prev", </n>; title="t"; rel=next"#).as_deref(), Some("/n"));
    for none in ["", "<", "</p>; rel=\"prev\"", "</p>; rel=nextish", "x; rel=next"] {
        assert_eq!(next_link(none), None, "{none}");
    }
}

#[test]
fn truncated_gzip_is_seen_and_bombs_are_capped() {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&[b'x'; 1 << 20]).unwrap();
    let packed = encoder.finish().unwrap();
    assert_eq!(unpack(&packed, 1 << 20).unwrap().unwrap().len(), 1 << 20);
    assert!(unpack(&packed, 1 << 19).unwrap().is_none());
    for cut in 0..packed.len() {
        assert!(unpack(&packed[..cut], 1 << 20).is_err(), "{cut}");
    }
    let mut longer = packed.clone();
    longer.push(7);
    assert!(unpack(&longer, 1 << 20).is_err());
}

#[test]
fn refusals_say_what_to_do() {
    let url = Url::parse("https://hub/api/models").unwrap();
    for (status, with_token, expected) in
        [(401, true, "not accepted"), (401, false, "set HF_TOKEN"), (403, true, "access"), (404, false, "name")]
    {
        let refusal = Refusal { status: Some(status), code: None, reason: format!("HTTP status {status}") };
        let error = refusal.into_error(&url, with_token);
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.exit_status() as u8, 4);
    }
}
