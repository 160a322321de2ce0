//! What two engines say of Sigma rules. Lines of JSON in, each a rule and events:
//! `{"rule": "title: …", "events": [{…}]}`; lines out, each the verdicts of both, or why there are none:
//! `{"rsigma": [true, false], "sigma_rust": "parse: …"}`.
use rsigma_eval::event::JsonEvent;
use rsigma_eval::Engine;
use rsigma_parser::parse_sigma_yaml;
use serde_json::{json, Value};
use std::io::{self, BufRead, Write};

fn rsigma(rule: &str, events: &[Value]) -> Value {
    let collection = match parse_sigma_yaml(rule) {
        Ok(found) => found,
        Err(error) => return json!(format!("parse: {error}")),
    };
    if !collection.errors.is_empty() {
        return json!(format!("rules: {:?}", collection.errors));
    }
    let mut engine = Engine::new();
    if let Err(error) = engine.add_collection(&collection) {
        return json!(format!("compile: {error}"));
    }
    json!(events
        .iter()
        .map(|event| !engine.evaluate(&JsonEvent::borrow(event)).is_empty())
        .collect::<Vec<_>>())
}

fn sigma_rust(rule: &str, events: &[Value]) -> Value {
    let rule = match sigma_rust::rule_from_yaml(rule) {
        Ok(found) => found,
        Err(error) => return json!(format!("parse: {error}")),
    };
    json!(events
        .iter()
        .map(|event| match sigma_rust::event_from_json(&event.to_string()) {
            Ok(event) => json!(rule.is_match(&event)),
            Err(error) => json!(format!("event: {error}")),
        })
        .collect::<Vec<_>>())
}

fn main() {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let rule = asked["rule"].as_str().unwrap();
        let events = asked["events"].as_array().unwrap();
        let first = std::panic::catch_unwind(|| rsigma(rule, events)).unwrap_or(json!("panic"));
        let second = std::panic::catch_unwind(|| sigma_rust(rule, events)).unwrap_or(json!("panic"));
        writeln!(out, "{}", json!({"rsigma": first, "sigma_rust": second})).unwrap();
    }
}
