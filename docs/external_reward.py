#!/usr/bin/env python3
"""A reward in Python: distinct brands on the page over its slots. One line of JSON in, one out."""
import json
import sys

for line in sys.stdin:
    ask = json.loads(line)
    candidates = {candidate["id"]: candidate for candidate in ask["request"]["candidates"]}
    sections = [ask["page"]["sections"][name] for name in ask["page"]["order"]]
    items = [candidates[item] for section in sections for item in section["items"]]
    brands = {item.get("brand", "") for item in items}
    print(json.dumps({"id": ask["id"], "page": len(brands) / len(items)}), flush=True)
