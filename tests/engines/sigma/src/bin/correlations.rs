//! At which events of a stream rsigma alerts by a rule of several documents. Lines of JSON in, each a
//! rule, the title of its correlation, and events with their seconds:
//! `{"rule": "title: …", "title": "…", "events": [[0, {…}]]}`; lines out, each the places of the events at
//! which it alerts, or why there are none: `[1, 4]`, `"parse: …"`.
use rsigma_eval::event::JsonEvent;
use rsigma_eval::{CorrelationConfig, CorrelationEngine};
use rsigma_parser::parse_sigma_yaml;
use serde_json::{json, Value};
use std::io::{self, BufRead, Write};

fn alerts(asked: &Value) -> Value {
    let collection = match parse_sigma_yaml(asked["rule"].as_str().unwrap()) {
        Ok(found) => found,
        Err(error) => return json!(format!("parse: {error}")),
    };
    if !collection.errors.is_empty() {
        return json!(format!("rules: {:?}", collection.errors));
    }
    let mut engine = CorrelationEngine::new(CorrelationConfig::default());
    if let Err(error) = engine.add_collection(&collection) {
        return json!(format!("compile: {error}"));
    }
    let title = asked["title"].as_str().unwrap();
    let mut found = vec![];
    for (place, event) in asked["events"].as_array().unwrap().iter().enumerate() {
        let results = engine.process_event_at(&JsonEvent::borrow(&event[1]), event[0].as_i64().unwrap());
        if results.iter().any(|one| one.is_correlation() && one.header.rule_title == title) {
            found.push(place);
        }
    }
    json!(found)
}

fn main() {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line.unwrap()).unwrap();
        writeln!(out, "{}", alerts(&asked)).unwrap();
    }
}
