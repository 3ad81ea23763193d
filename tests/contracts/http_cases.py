"""The requests that services answer in one way only, as tables for each template."""

import json

from contracts.http_case import (
    DEEP,
    JSON,
    LIMIT,
    NOT_JSON,
    RANGE,
    TWICE,
    Case,
    misfit,
    posted,
    typed,
)

READS = ("/healthz", "/readyz", "/metrics", "/openapi.json")
METHODS = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PURGE")
TOO_LONG = (("Content-Length", str(LIMIT + 1)),)
BIG_FIELD = (("X-Big", "b" * 8400),)
ABSENT = (
    "/", "/nothing", "/v1", "/v1/", "/healthz/", "//healthz", "/HEALTHZ", "/v1//", "/docs", "/redoc",
    "/v1/../healthz", "/./healthz", "/%2e/healthz", "/healthz%2F", "/healthz/..", "/%ff",
    "/v1%2Ffruit", "/v1%2Fevaluate", "/healthz%00", "/%E2%82%AC", "/healthz;a=1", "/openapi.json/",
    "/docs/oauth2-redirect", "/nothing?seed=1&seed=2",
)  # fmt: skip

SHARED = [
    Case("GET", "/healthz", content=b'{"status":"ok"}'),
    Case("GET", "/healthz?x=%ff&&=&x", content=b'{"status":"ok"}'),
    Case("GET", "/readyz", content=b'{"status":"ready"}'),
    Case("GET", "/%68ealthz", content=b'{"status":"ok"}'),
    Case("GET", "/read%79z", content=b'{"status":"ready"}'),
    Case("HEAD", "/healthz", content=b""),
    Case("GET", "/healthz", (("X-Some", "b" * 7800),), content=b'{"status":"ok"}'),
    Case("GET", "/healthz", (("X-Odd", "\xff\x80"),), content=b'{"status":"ok"}'),
    Case("GET", "/healthz", (("x", "y"),) * 90, content=b'{"status":"ok"}'),
    *(Case("GET", target, status=404) for target in ABSENT),
    *(Case("POST", target, (JSON,), b"{", status=404) for target in ("/", "/v1", "/healthz/")),
    *(
        Case(method, target, status=405, allow="GET, HEAD")
        for target in READS
        for method in METHODS
    ),
    Case("POST", "/healthz", (("Content-Type", "x"),), b"{", status=405, allow="GET, HEAD"),
    Case("GET", "/healthz", BIG_FIELD, status=431, closes=True),
    Case("GET", "/nothing/" + "a" * 8400, status=431, closes=True),
    Case("GET", "/healthz", tuple((f"X-{n}", "b" * 90) for n in range(90)), status=431, closes=True),
    Case("POST", "/healthz", BIG_FIELD + TOO_LONG, status=431, closes=True),
    Case("POST", "/nothing", TOO_LONG, status=413, closes=True),
    Case("POST", "/healthz", TOO_LONG, status=413, closes=True),
    Case("GET", "/healthz", (("Content-Length", f"1{'0' * 18}"),), status=413, closes=True),
]  # fmt: skip

OBJECT = ("/body", "must be an object")
STRING = ("/body/expression", "must be a string")
MISSING = ("/body/expression", "is missing")
EXPRESSION = '{"expression":"1"%s}'
NUMBER = "is not a number"
NO_JSON = (
    b"", b" ", b"{", b'{"expression":"1"', b"nul", b"True", b"{'expression':'1'}", b"NaN", b"Infinity",
    b'{"expression":NaN}', b'{"expression":-Infinity}', b"[Infinity]", b"-", b"01", b"+1", b".5", b"1.",
    b"0x1", b"1e", b"[1,]", b"[,1]", b'{"expression":"1",}', b"{} {}", b"{}x", b"// x\n{}", b"{}\0",
    b'"\n"', b'"\t"', b'"\\x41"', b'"\\u12"', b"\xff", b'{"expression":"\xff"}', b'"\xed\xa0\x80"',
    b'"\xc0\xaf"', b"\xef\xbb\xbf{}", '{"expression":"1"}'.encode("utf-16"), b"\x0b{}", b"\xc2\xa0{}",
    '{"expression":"1"}'.encode("utf-16-le"), '{"expression":"1"}'.encode("utf-32-be"),
    b'{"expression":"\\ud800"}', b'{"expression":"\\udc00\\ud800"}', b'{"\\ud800":1}', b"{1:2}",
    b'{"expression" "1"}', b"expression=1",
)  # fmt: skip
KEY_TWICE = (
    '{"expression":"1","expression":"1"}', '{"expression":"1","\\u0065xpression":"2"}',
    '{"a":{"b":1,"b":1}}', '[[{"":1,"":2}]]', EXPRESSION % ',"x":[{"a":1,"c":2,"a":3}]',
)  # fmt: skip
OUT_OF_RANGE = (
    "1e400", "-1e400", '{"expression":1e400}', "[[1e999999999999]]", "1" * 400, "-" + "9" * 5000,
    EXPRESSION % ',"x":1.8e308', "1" + "0" * 309 + ".5",
)  # fmt: skip
IN_RANGE = (
    "9007199254740993", "9223372036854775808", "18446744073709551616", "1" * 300, "1e308", "1e-400",
    "-0", "-0.0", "1.7976931348623157e308", "0." + "1" * 5000,
)  # fmt: skip

EVALUATE = [
    Case("POST", "/v1/evaluate", (JSON,), b'{"expression":"1 + 2"}', content=b'{"result":3}'),
    posted(' \t\r\n{ "\\u0065xpression" : "\\u0031\\/1" }\n', 200),
    *(posted(body, 400, NOT_JSON) for body in NO_JSON),
    *(posted(body, 400, TWICE) for body in KEY_TWICE),
    *(posted(body, 400, RANGE) for body in OUT_OF_RANGE),
    *(posted("[" * n + "]" * n, 400, DEEP) for n in (128, 129, 10_000)),
    posted('{"expression":' + "[" * 127 + "]" * 127 + "}", 400, DEEP),
    posted('{"a":' * 10_000 + "1" + "}" * 10_000, 400, DEEP),
    posted("[" * 127 + "]" * 127, 422, "", OBJECT),
    posted('{"expression":' + "[" * 126 + "]" * 126 + "}", 422, "", STRING),
    *(posted(body, 422, "", OBJECT) for body in ("1", '"x"', "null", "true", "[]", '[{"a":1}]')),
    *(posted(number, 422, "", OBJECT) for number in IN_RANGE),
    *(posted(f'{{"expression":{number}}}', 422, "", STRING) for number in IN_RANGE),
    *(posted(f'{{"expression":{v}}}', 422, "", STRING) for v in ("null", "true", "1", "[]", "{}")),
    posted("{}", 422, "", MISSING),
    *(
        posted(EXPRESSION % f",{json.dumps(key)}:1", 422, "", (f"/body/{shown}", "is not known"))
        for key, shown in [
            ("x", "x"), ("a/b~c", "a~1b~0c"), ("", ""), ("Expression", "Expression"), ("é 🙂", "é 🙂"),
            ("~1", "~01"), ('\0\x7f"\\', '\0\x7f"\\'),
        ]
    ),
    *(
        typed([("Content-Type", value)], 200)
        for value in (
            "application/json", "Application/JSON", "application/json; charset=utf-8",
            "application/json;charset=UTF-8", "application/json ; Charset=Utf-8",
        )
    ),
    *(
        typed([("Content-Type", value)], 415)
        for value in (
            "", "text/plain", "application/jsonx", "application/problem+json", "application/*", "json",
            "application/json; charset=latin-1", "application/json; charset=", "application/json; x=y",
            "application/json; charset=utf-8; x=y", "application/json, application/json",
            "application/json; charset=utf-16", "application/x-www-form-urlencoded",
        )
    ),
    typed([], 415),
    typed([JSON, ("Content-Type", "text/plain")], 415),
    typed([JSON, ("Content-Encoding", "identity")], 200),
    typed([JSON, ("Content-Encoding", "Identity")], 200),
    *(typed([JSON, ("Content-Encoding", value)], 415) for value in ("gzip", "br", "identity, gzip")),
    Case("POST", "/v1/evaluate", (JSON, *TOO_LONG), status=413, closes=True),
    Case("POST", "/v1/evaluate", TOO_LONG, status=413, closes=True),
    posted(b" " * (LIMIT - 18) + b'{"expression":"7"}', 200),
    *(
        Case(method, "/v1/evaluate", status=405, allow="POST")
        for method in ("GET", "HEAD", "PUT", "OPTIONS", "DELETE", "PROPFIND")
    ),
]  # fmt: skip

PATHS = [
    Case("GET", "/v1/add/1/2", content=b'{"result":3}'),
    Case("GET", "/v1/%61dd/%31/%2D2?a=9", content=b'{"result":-1}'),
    Case("HEAD", "/v1/add/1/2", content=b""),
    Case("POST", "/v1/nothing/x/y", status=405, allow="GET, HEAD"),
    *(Case("GET", f"/v1/{path}", status=404) for path in ("add//2", "add/1/", "add/1", "add/1/2/3")),
    *(
        misfit("GET", f"/v1/{operation}/1/2", "/path/operation", "is not an operation")
        for operation in ("ADD", "sqrt", "add%20", "add%2F", "%ff", "%00", "negate", "floor-divide")
    ),
    *(
        misfit("GET", f"/v1/add/{text}/2", "/path/a", NUMBER)
        for text in (
            "x", "%ff", "1%2F2", "%zz", "%", "+1", "--1", "-", "%201", "1%20", "1.", "1e", "e1", ".", "1_0",
            "0x1", "%D9%A3", "%EF%BC%91", "inf", "nan", "NaN", "1%0A", "1%00", "1,0", "1+", "-.e1", "(1)",
            "%2B1", "1%FF", "%E2%88%921",
        )
    ),
    misfit("GET", "/v1/add/1/%ED%A0%80", "/path/b", NUMBER),
    misfit("GET", f"/v1/add/{'9' * 30}/x", "/path/b", NUMBER),
    misfit("HEAD", "/v1/add/1/x", "/path/b", NUMBER),
]  # fmt: skip

SEED = "must be a whole number from 0 to 18446744073709551615"
FRUIT = [
    Case("GET", "/v1/fruit?seed=42", content=b'{"fruit":"fig"}'),
    Case("HEAD", "/v1/fruit?seed=42", content=b""),
    *(
        Case("GET", f"/v1/fruit?{query}", content=b'{"fruit":"kiwi"}')
        for query in (
            "seed=0", "seed=1", "seed=01", f"seed={'0' * 19}1", "seed=%31", "%73eed=1", "&&seed=1&",
            "seed=1&other=x&other=y", "Seed=x&seed=0", "seed%5B%5D=7&seed=0",
        )
    ),
    Case("GET", "/v1/fru%69t?seed=18446744073709551615", content=b'{"fruit":"lemon"}'),
    *(
        misfit("GET", f"/v1/fruit?{query}", "/query/seed", SEED)
        for query in (
            "seed=", "seed", "seed=-1", "seed=+1", "seed=%2B1", "seed=1.0", "seed=1e3", "seed=%201",
            "seed=1+", "seed=1%20", "seed=0x1", "seed=1_0", "seed=nan", "seed=18446744073709551616",
            f"seed={'0' * 20}1", f"seed={'9' * 5000}", "seed=%D9%A3", "seed=%ff", "seed=1;seed=2",
            "seed=-0", "seed=1%00", "seed==1", "seed=true",
        )
    ),
    *(
        misfit("GET", f"/v1/fruit?{query}", "/query/seed", "is given twice")
        for query in ("seed=1&seed=2", "seed=1&seed=1", "seed=1&x=2&%73eed=3")
    ),
    *(
        Case(method, "/v1/fruit?seed=x", status=405, allow="GET, HEAD")
        for method in ("POST", "PUT", "OPTIONS", "DELETE")
    ),
    Case("GET", "/v1/fruit/", status=404),
    Case("GET", "/v1/Fruit", status=404),
]  # fmt: skip

CASES = {"microservice": [*SHARED, *PATHS, *EVALUATE], "cloud-run": [*SHARED, *FRUIT]}
