"""Segmentation texts that break a rule, with what a backend says of each."""

from __future__ import annotations

JSON_TEXT = "be JSON text nested at most 64 levels deep"
SHAPE = "be a list of polygons, an object with size and counts, or null"
POLYGON = "hold one list of coordinates a ring, as in [[x, y, ...], [x, y, ...]]"
COORDINATES = "hold only numbers as coordinates"
RANGE = "hold coordinates within 2**22 pixels"
PAIRS = "hold pairs of coordinates, x and y"
KEYS = "hold the keys size and counts, once each"
SIZE = "hold size as [height, width], whole numbers from 1 to 2**31 - 1"
RUNS = "hold counts as a string or a list of integers"
INT64 = "hold counts that fit in 64 bits"


BAD: list[tuple[str | bytes, str, str]] = [
    # No JSON
    ("", JSON_TEXT, "''"),
    (" ", JSON_TEXT, "' '"),
    ("[[1,2]", JSON_TEXT, "'[[1,2]'"),
    ("[[1,2]]]", JSON_TEXT, "'[[1,2]]]'"),
    ("[[1,2]] 3", JSON_TEXT, "'[[1,2]] 3'"),
    ("[[1,2],]", JSON_TEXT, "'[[1,2],]'"),
    ("[[1 2]]", JSON_TEXT, "'[[1 2]]'"),
    ("[[01,2]]", JSON_TEXT, "'[[01,2]]'"),
    ("[[1.,2]]", JSON_TEXT, "'[[1.,2]]'"),
    ("[[.5,2]]", JSON_TEXT, "'[[.5,2]]'"),
    ("[[+1,2]]", JSON_TEXT, "'[[+1,2]]'"),
    ("[[-,2]]", JSON_TEXT, "'[[-,2]]'"),
    ("[[1e,2]]", JSON_TEXT, "'[[1e,2]]'"),
    ("[[1.2.3,2]]", JSON_TEXT, "'[[1.2.3,2]]'"),
    ("[[0x10,2]]", JSON_TEXT, "'[[0x10,2]]'"),
    ("[[NaN,2]]", JSON_TEXT, "'[[NaN,2]]'"),
    ("[[Infinity,2]]", JSON_TEXT, "'[[Infinity,2]]'"),
    ("[[-Infinity,2]]", JSON_TEXT, "'[[-Infinity,2]]'"),
    ("nulls", JSON_TEXT, "'nulls'"),
    ("{'size':[1,1]}", JSON_TEXT, "'{'size':[1,1]}'"),
    ('{"size"}', JSON_TEXT, "'{\"size\"}'"),
    ('{"size":[1,1],"counts":"\n"}', JSON_TEXT, '\'{"size":[1,1],"counts":"?"}\''),
    ('{"size":[1,1],"counts":"\\x"}', JSON_TEXT, '\'{"size":[1,1],"counts":"\\x"}\''),
    ('{"size":[1,1],"counts":"\\u12"}', JSON_TEXT, '\'{"size":[1,1],"counts":"\\u12"}\''),
    (b'{"size":[1,1],"counts":"\xff"}', JSON_TEXT, '\'{"size":[1,1],"counts":"?"}\''),
    (b"[[1,2]]\0", JSON_TEXT, "'[[1,2]]?'"),
    (b"\xef\xbb\xbf[[1,2]]", JSON_TEXT, "'???[[1,2]]'"),
    ("[" * 65 + "]" * 65, JSON_TEXT, "'" + "[" * 40 + "'..."),
    ("[" * 1_000_000, JSON_TEXT, "'" + "[" * 40 + "'..."),
    ('{"a":' * 1_000_000, JSON_TEXT, "'" + '{"a":' * 8 + "'..."),
    # Wrong before the JSON breaks off: it is still no JSON
    ("[1,2", JSON_TEXT, "'[1,2'"),
    ('{"extra":1,', JSON_TEXT, "'{\"extra\":1,'"),
    # Another shape
    ("1", SHAPE, "the number 1"),
    ("true", SHAPE, "true"),
    ('"0120"', SHAPE, "a string"),
    ("[1, 2, 3, 4]", POLYGON, "a flat list of numbers; put it into a list"),
    ("[-1.5]", POLYGON, "a flat list of numbers; put it into a list"),
    ("[[1,2], 3]", POLYGON, "the number 3 in place of ring 1"),
    ("[null]", POLYGON, "null in place of ring 0"),
    ('[{"size":[1,1],"counts":[1]}]', POLYGON, "an object in place of ring 0"),
    ('[[1,2],"ab"]', POLYGON, "a string in place of ring 1"),
    ("[" * 64 + "]" * 64, COORDINATES, "a list at coordinate 0 of ring 0"),
    # Coordinates
    ("[[[1,2]]]", COORDINATES, "a list at coordinate 0 of ring 0"),
    ('[[1,2],[1,"2"]]', COORDINATES, "a string at coordinate 1 of ring 1"),
    ("[[1,false]]", COORDINATES, "false at coordinate 1 of ring 0"),
    ("[[1,2,3,null]]", COORDINATES, "null at coordinate 3 of ring 0"),
    ("[[{},1]]", COORDINATES, "an object at coordinate 0 of ring 0"),
    ("[[1e400,1]]", RANGE, "the number 1e400 at coordinate 0 of ring 0"),
    ("[[1,-1e400]]", RANGE, "the number -1e400 at coordinate 1 of ring 0"),
    ("[[4194304.001,1]]", RANGE, "the number 4194304.001 at coordinate 0 of ring 0"),
    ("[[4194305,1]]", RANGE, "the number 4194305 at coordinate 0 of ring 0"),
    ("[[99999999999999999999999999999,1]]", RANGE,
     "the number 999999999999999999999999... at coordinate 0 of ring 0"),
    ("[[1,2],[1,2,3]]", PAIRS, "3 coordinates in ring 1"),
    ("[[1],[null]]", PAIRS, "1 coordinates in ring 0"),
    # Run lengths
    ("{}", KEYS, "no size"),
    ('{"counts":[1]}', KEYS, "no size"),
    ('{"size":[1,1]}', KEYS, "no counts"),
    ('{"size":[1,1],"counts":[1],"size":[1,1]}', KEYS, "a second size"),
    ('{"size":[1,1],"counts":[1],"\\u0063ounts":[1]}', KEYS, "a second counts"),
    ('{"size":[1,1],"counts":[1],"extra\\n":0}', KEYS, "the key 'extra?'"),
    ('{"Size":[1,1],"counts":[1]}', KEYS, "the key 'Size'"),
    ('{"' + "k" * 30 + '":1}', KEYS, "the key '" + "k" * 24 + "'..."),
    ('{"ü":1}', KEYS, "the key '??'"),
    ('{"size":4,"counts":[1]}', SIZE, "the number 4 as size"),
    ('{"size":{},"counts":[1]}', SIZE, "an object as size"),
    ('{"size":null,"counts":[1]}', SIZE, "null as size"),
    ('{"size":[2.0,2],"counts":[4]}', SIZE, "the number 2.0 in size"),
    ('{"size":[2e0,2],"counts":[4]}', SIZE, "the number 2e0 in size"),
    ('{"size":[-2,2],"counts":[4]}', SIZE, "the number -2 in size"),
    ('{"size":[2,0],"counts":[4]}', SIZE, "the number 0 in size"),
    ('{"size":[2,-0],"counts":[4]}', SIZE, "the number -0 in size"),
    ('{"size":[2,2147483648],"counts":[4]}', SIZE, "the number 2147483648 in size"),
    ('{"size":[2,9223372036854775808],"counts":[4]}', SIZE,
     "the number 9223372036854775808 in size"),
    ('{"size":["2",2],"counts":[4]}', SIZE, "a string in size"),
    ('{"size":[2,true],"counts":[4]}', SIZE, "true in size"),
    ('{"size":[],"counts":[4]}', SIZE, "a size of length 0"),
    ('{"size":[2,2,2],"counts":[4]}', SIZE, "a size of length 3"),
    ('{"size":[2,2],"counts":null}', RUNS, "null as counts"),
    ('{"size":[2,2],"counts":4}', RUNS, "the number 4 as counts"),
    ('{"size":[2,2],"counts":{}}', RUNS, "an object as counts"),
    ('{"size":[2,2],"counts":[4,"a"]}', RUNS, "a string at count 1"),
    ('{"size":[2,2],"counts":[4,0.5]}', RUNS, "the number 0.5 at count 1"),
    ('{"size":[2,2],"counts":[4e0]}', RUNS, "the number 4e0 at count 0"),
    ('{"size":[2,2],"counts":[[4]]}', RUNS, "a list at count 0"),
    ('{"size":[2,2],"counts":[9223372036854775808]}', INT64,
     "the number 9223372036854775808 at count 0"),
    ('{"size":[2,2],"counts":[1,-9223372036854775809]}', INT64,
     "the number -9223372036854775809 at count 1"),
    # The first thing in the text wins
    ('{"size":[0,1],"extra":1}', SIZE, "the number 0 in size"),
    ('{"extra":1,"size":[0,1]}', KEYS, "the key 'extra'"),
    ("[[1,2,3],[null],4]", PAIRS, "3 coordinates in ring 0"),
]  # fmt: skip
