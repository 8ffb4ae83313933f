//! Services that nobody runs, one for each protocol, with everything that a model can say of the wire: given to
//! botocore and to us as models of a data path.

use std::path::Path;

use maitred::client::aws::AwsClient;
use maitred::model::Models;
use serde_json::{Map, Value, json};

use crate::support::sample;

use super::botocore::{oracle_with, request, text_in_order};
use super::{call, config};

const PROTOCOLS: [&str; 5] = ["query", "ec2", "json", "rest-json", "rest-xml"];

/// Writes the model of each protocol to a data path.
fn services(data_path: &Path) -> AwsClient {
    let text = include_str!("../../oracle/synthetic.json");
    let source: Value = serde_json::from_str(text).unwrap();
    for protocol in PROTOCOLS {
        let mut operations = source["operations"].as_object().unwrap().clone();
        if protocol.contains("json") {
            operations.extend(source["json"].as_object().unwrap().clone());
        }
        if protocol.starts_with("rest") {
            operations.extend(source["rest"].as_object().unwrap().clone());
        }
        let name = format!("synthetic-{protocol}");
        for (operation, model) in &mut operations {
            complete(protocol, operation, model);
        }
        let model = json!({
            "version": "2.0",
            "metadata": {
                "apiVersion": "2024-01-01", "endpointPrefix": name, "protocol": protocol,
                "serviceFullName": name, "serviceId": name, "signatureVersion": "v4",
                "jsonVersion": "1.1", "targetPrefix": "Synthetic", "xmlNamespace": "urn:synthetic",
            },
            "operations": operations,
            "shapes": source["shapes"],
        });
        let folder = data_path.join(name).join("2024-01-01");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("service-2.json"), model.to_string()).unwrap();
    }
    let models = Models::embedded().with_data_paths([data_path.to_owned()]);
    AwsClient::with_models(&config("http://127.0.0.1:1").build(), models)
}

/// What every operation of the protocol has.
fn complete(protocol: &str, name: &str, operation: &mut Value) {
    operation["name"] = name.into();
    if operation.get("http").is_none() {
        let uri = if protocol.starts_with("rest") { format!("/{name}") } else { "/".to_owned() };
        operation["http"] = json!({ "method": "POST", "requestUri": uri });
    }
    if protocol == "query" && operation.get("output").is_some() {
        operation["output"]["resultWrapper"] = format!("{name}Result").into();
    }
    if protocol == "rest-xml"
        && operation["http"]["method"] != "GET"
        && operation.get("input").is_some()
    {
        operation["input"]["locationName"] = format!("{name}Request").into();
        operation["input"]["xmlNamespace"] = json!({ "uri": "urn:synthetic" });
    }
}

/// Compares what botocore made of each case with what we make of it.
fn differences(client: &AwsClient, cases: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    for case in cases {
        let text = |key: &str| case[key].as_str().unwrap();
        let mut call = call(text("operation"), &case["input"]);
        text("service").clone_into(&mut call.service);
        let what = format!("{} {}: {}", call.service, call.operation, case["input"]);
        let prepared = match client.prepare(&call) {
            Ok(prepared) => prepared,
            // What botocore refuses too.
            Err(_) if case["request"].is_null() => continue,
            Err(error) => {
                found.push(format!("{what}: {error}"));
                continue;
            }
        };
        let (ours, theirs) = (request(&prepared, &case["request"]), &case["request"]);
        let same = ours == *theirs || (is_xml(&call.service) && xml(&ours) == xml(theirs));
        if !same {
            found.push(format!("{what}\n  ours   {ours}\n  theirs {theirs}"));
        }
        for reply in case["replies"].as_array().unwrap() {
            let headers = reply["headers"].as_object().unwrap().iter();
            let headers = headers.map(|(k, v)| (k.to_lowercase(), v.as_str().unwrap().to_owned()));
            let status = u16::try_from(reply["status"].as_u64().unwrap()).unwrap();
            let body = reply["body"].as_str().unwrap().as_bytes().to_vec();
            let read = prepared.read(status, headers.collect(), body);
            let ours = read.document().map_or(Value::Null, |document| document.value().clone());
            // botocore fails at some replies that are no replies of a service.
            let theirs = &reply["parsed"];
            if theirs.is_null() {
                continue;
            }
            let ordered = status >= 300
                || ours.is_null()
                || theirs.is_null()
                || text_in_order(&ours) == text_in_order(theirs);
            if ours != *theirs || !ordered {
                let (headers, body) = (&reply["headers"], &reply["body"]);
                found.push(format!(
                    "{what}\n  {status} {headers} {body}\n  ours   {ours}\n  theirs {theirs}"
                ));
            }
        }
    }
    found
}

fn is_xml(service: &str) -> bool {
    service == "synthetic-rest-xml"
}

/// A request whose body is XML, without the escapes that botocore does without.
fn xml(request: &Value) -> Value {
    let mut request = request.clone();
    let body = request["body"]["base64"].as_str().unwrap_or_default();
    let text =
        String::from_utf8_lossy(&aws_smithy_types::base64::decode(body).unwrap()).into_owned();
    let escapes = [("&quot;", "\""), ("&#xD;", "\r"), ("&#xA;", "\n"), ("&#10;", "\n")];
    let text = escapes.iter().fold(text, |text, (escape, plain)| text.replace(escape, plain));
    request["body"] = text.into();
    request
}

fn assert_same(client: &AwsClient, cases: &[Value]) {
    let found = differences(client, cases);
    assert!(found.is_empty(), "{} of {}:\n{}", found.len(), cases.len(), found.join("\n"));
}

#[test]
fn whatever_a_model_says_of_the_wire_is_as_botocore_has_it() {
    let data_path = tempfile::tempdir().unwrap();
    let client = services(data_path.path());
    let mut arguments = vec![sample::seed().to_string(), (5 * sample::cases()).to_string()];
    arguments.extend(PROTOCOLS.map(|protocol| format!("synthetic-{protocol}")));
    let cases = oracle_with(data_path.path(), "wire.py", &arguments);
    assert!(cases.len() > 100, "{}", cases.len());
    assert_same(&client, &cases);
}

/// A case of every protocol whose name begins so.
fn each(
    protocols: &str,
    operation: &str,
    input: &Value,
    replies: &[Value],
    cases: &mut Vec<Value>,
) {
    for protocol in PROTOCOLS.iter().filter(|protocol| protocol.starts_with(protocols)) {
        cases.push(json!({
            "service": format!("synthetic-{protocol}"), "operation": operation, "input": input,
            "replies": replies,
        }));
    }
}

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Value {
    let headers: Map<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    json!({ "status": status, "headers": headers, "body": body })
}

#[test]
fn the_corners_of_each_protocol_are_as_botocore_has_them() {
    let data_path = tempfile::tempdir().unwrap();
    let client = services(data_path.path());
    let mut cases = Vec::new();
    inputs(&mut cases);
    json_replies(&mut cases);
    xml_replies(&mut cases);
    header_replies(&mut cases);
    let file = data_path.path().join("cases.json");
    std::fs::write(&file, Value::Array(cases).to_string()).unwrap();
    let cases = oracle_with(data_path.path(), "directed.py", &[file.to_str().unwrap()]);
    assert_same(&client, &cases);
}

/// Inputs that a random case seldom has.
fn inputs(cases: &mut Vec<Value>) {
    let token = |mut input: Value| {
        input["Token"] = "token".into();
        input
    };
    for kinds in [
        json!({}),
        json!({ "String": "", "Int": 0, "Flag": false, "Double": 0.0 }),
        json!({ "String": "a&b<c>\"d'\r\n\té\u{1f600} %+~" }),
        json!({ "Long": i64::MIN, "Int": -1, "Double": 1e300, "Float": -0.5 }),
        json!({ "Double": 1e21, "Float": 0.0001 }),
        json!({ "Bytes": "", "String": " spaced " }),
        json!({ "Time": "1969-12-31T23:59:59Z", "Iso": "2024-02-29T12:00:00.5Z" }),
        json!({ "Time": 1_700_000_000, "Rfc": 0, "Unix": "2024-01-01T00:00:00+02:00" }),
        json!({ "MemberIso": "2024-01-01T00:00:00.123456Z", "MemberUnix": "2024-01-01" }),
    ] {
        each("", "DescribeKinds", &token(kinds), &[], cases);
    }
    for lists in [
        json!({ "Texts": [], "Items": [], "Flat": [], "FlatItems": [], "NamedFlat": [] }),
        json!({ "Texts": [""], "Renamed": ["a"], "RenamedFlat": ["a", "b"], "NamedFlat": ["x"] }),
        json!({ "Nested": [[], ["a", "b"], [""]] }),
        json!({ "Inner": { "FlatRenamed": ["a"], "Deep": ["b"], "Structures": [{ "Name": "c" }, {}] } }),
    ] {
        each("", "DescribeLists", &lists, &[], cases);
    }
    for maps in [
        json!({ "Plain": {}, "Flat": {}, "Lists": {} }),
        json!({ "Plain": { "": "", "a b": "c&d" }, "RenamedFlat": { "k": "v" } }),
        json!({ "Lists": { "a": [], "b": ["c"] }, "Maps": { "a": { "b": "c" }, "d": {} } }),
        json!({ "Structures": { "a": { "Children": [{ "Name": "b" }] } }, "Ints": { "other": 1 } }),
    ] {
        each("", "DescribeMaps", &maps, &[], cases);
    }
    let names = json!({
        "lowercase": "a", "Located": "b", "Queried": "c", "Both": "d", "Prefixed": "e<\"",
        "Attribute": "f&\n", "Spaced": { "In": "g", "Attr": "h" }, "SpacedList": [{ "In": "i" }],
        "SpacedText": "j",
    });
    each("", "DescribeNames", &names, &[], cases);
    each("", "DescribeUnion", &json!({ "Either": { "Int": 3 } }), &[], cases);
    each("", "DescribeTree", &json!({ "Child": { "Child": { "Children": [{}] } } }), &[], cases);
    each("", "DescribeNothing", &json!({}), &[], cases);
    each("", "DescribeLess", &json!({}), &[], cases);
    for any in
        [json!(null), json!([1, "a", null, { "b": 1.5 }]), json!("text"), json!(3), json!({})]
    {
        each("json", "DescribeDocuments", &json!({ "Any": any }), &[], cases);
        each("rest-json", "DescribeDocuments", &json!({ "Any": any }), &[], cases);
    }
    rest_inputs(cases);
}

fn rest_inputs(cases: &mut Vec<Value>) {
    let time = "2024-01-31T12:00:00Z";
    for (text, rest) in [("a b/c?d=e&f#g%é", "x/y z/ü"), ("~-_.", "/leading"), ("a", "b//c")] {
        let labels = json!({
            "Text": text, "Time": time, "Rfc": time, "Flag": true, "Number": -7, "Fraction": 1.5,
            "Rest": rest,
        });
        each("rest", "GetLabels", &labels, &[], cases);
    }
    for query in [
        json!({ "Text": "", "Flag": false, "Int": 0, "Double": 1.0 }),
        json!({ "Text": "a&b=c+d %é~", "Texts": [], "Ints": [1, 2], "Flags": [true, false] }),
        json!({ "Texts": ["", "a,b"], "Doubles": [1.5, 2.0], "Times": [time] }),
        json!({ "Time": time, "Rfc": time, "Unix": time }),
        json!({ "Any": { "a b": "c", "text": "d" }, "Text": "e", "AnyLists": { "f": ["g", "h"] } }),
    ] {
        each("rest", "GetQuery", &query, &[], cases);
    }
    for headers in [
        json!({ "Text": "", "Flag": true, "Int": -1, "Double": 2.5, "Texts": [] }),
        json!({ "Texts": ["a", "b,c", "d\"e", ""], "Any": { "One": "1", "two": "" } }),
        json!({ "Time": time, "Iso": time, "Unix": time }),
        json!({ "Json": { "a": [1, "é"] } }),
    ] {
        each("rest", "GetHeaders", &headers, &[], cases);
    }
    for mixed in [
        json!({ "Id": "a", "Q": "b", "H": "c" }),
        json!({ "Id": "a", "Body": "", "More": {} }),
        json!({ "Id": "a", "Body": "b", "More": { "Children": [] } }),
    ] {
        each("rest", "GetMixed", &mixed, &[], cases);
    }
    for payload in
        [json!({}), json!({ "H": "h" }), json!({ "Tree": {} }), json!({ "Tree": { "Name": "a" } })]
    {
        each("rest", "GetPayload", &payload, &[], cases);
    }
    each("rest", "GetBlob", &json!({}), &[], cases);
    each("rest", "GetBlob", &json!({ "Bytes": "aGk=", "Kind": "image/jpeg" }), &[], cases);
    each("rest", "GetText", &json!({ "Text": "hé" }), &[], cases);
    each("rest", "GetText", &json!({}), &[], cases);
}

#[expect(clippy::too_many_lines, reason = "a table of replies")]
fn json_replies(cases: &mut Vec<Value>) {
    let ok = |body: &str| reply(200, &[("x-amzn-requestid", "r")], body);
    let kinds = [
        r#"{"String": null, "Int": 3, "Unknown": {"a": [1]}, "Flag": false, "String2": ""}"#,
        r#"{"Double": "NaN", "Float": "Infinity"}"#,
        r#"{"Double": 3, "Long": 9007199254740993, "Int": 0}"#,
        r#"{"Time": 1700000000.123, "Iso": "2024-01-01T00:00:00Z", "Rfc": "Mon, 01 Jan 2024 00:00:00 GMT"}"#,
        r#"{"Time": "2024-01-01T00:00:00.5+02:00", "Unix": 0, "MemberRfc": 1.5e9}"#,
        r#"{"Bytes": "aGk="}"#,
        "",
        "{}",
    ]
    .map(ok);
    let lists = [
        r#"{"Texts": [], "Ints": [1, null, 2], "Nested": [[], null, ["a"]], "Inner": null}"#,
        r#"{"renamed-list": ["a"], "Renamed": ["b"]}"#,
    ]
    .map(ok);
    let maps =
        [r#"{"Plain": {"a": null, "b": ""}, "Structures": {"a": {"Name": null}}, "Maps": {}}"#]
            .map(ok);
    let unions = [
        r#"{"Either": {"number": 3, "Text": null}}"#,
        r#"{"Either": {"Newer": 1}}"#,
        r#"{"Either": {"__type": "x", "Text": "a"}}"#,
        r#"{"Either": {}}"#,
    ]
    .map(ok);
    let documents =
        [r#"{"Any": {"a": [1, null, 1.0, true]}}"#, r#"{"Any": null}"#, r#"{"Any": "a"}"#].map(ok);
    let error = |status: u16, headers: &[(&str, &str)], body: &str| reply(status, headers, body);
    let errors = [
        error(400, &[], r#"{"__type": "Odd", "Message": "m", "detail": "d"}"#),
        error(400, &[], r#"{"__type": "com.synthetic#Odd", "message": "m", "detail": "d"}"#),
        error(400, &[], r#"{"__type": "com.synthetic#Odd:http://x/", "message": "m"}"#),
        error(400, &[("x-amzn-errortype", "Odd:http://x.example/")], r#"{"detail": "d"}"#),
        error(400, &[("x-amzn-errortype", "com.synthetic#Odd"), ("x-detail", "h")], "{}"),
        error(500, &[("x-amzn-errortype", "Odd")], r#"{"code": "Other", "message": null}"#),
        error(400, &[], r#"{"code": "ns#Odd", "message": "m"}"#),
        error(400, &[], r#"{"Code": "Odd"}"#),
        error(409, &[], r#"{"__type": "Coded.Differently", "message": "m", "Count": 3}"#),
        error(409, &[], r#"{"__type": "Coded", "message": "m", "Count": 3}"#),
        error(
            400,
            &[("x-amzn-query-error", "Old.Odd;Sender")],
            r#"{"__type": "Odd", "message": "m"}"#,
        ),
        error(400, &[("x-amzn-query-error", "nonsense")], r#"{"__type": "Odd"}"#),
        error(404, &[], ""),
        error(403, &[], "Forbidden"),
        error(400, &[], "[]"),
        error(503, &[], "<html><body>no</body></html>"),
        error(400, &[], r#"{"__type": "Unknown", "Message": 3}"#),
    ];
    let token = json!({ "Token": "t" });
    for protocol in ["json", "rest-json"] {
        each(protocol, "DescribeKinds", &token, &kinds, cases);
        each(protocol, "DescribeKinds", &token, &errors, cases);
        each(protocol, "DescribeLists", &json!({}), &lists, cases);
        each(protocol, "DescribeMaps", &json!({}), &maps, cases);
        each(protocol, "DescribeUnion", &json!({ "Either": { "Text": "a" } }), &unions, cases);
        each(protocol, "DescribeDocuments", &json!({}), &documents, cases);
    }
}

#[expect(clippy::too_many_lines, reason = "a table of replies")]
fn xml_replies(cases: &mut Vec<Value>) {
    for protocol in ["query", "ec2", "rest-xml"] {
        let ok = |operation: &str, body: &str| {
            let result = match protocol {
                "query" => format!("<{operation}Result>{body}</{operation}Result>"),
                _ => body.to_owned(),
            };
            let xml = format!(
                "<?xml version='1.0'?><R xmlns='urn:synthetic' xmlns:xsi='urn:instance'>{result}</R>"
            );
            reply(200, &[("x-amz-request-id", "r"), ("x-amz-id-2", "h")], &xml)
        };
        let mut add = |operation: &str, input: &Value, bodies: &[&str]| {
            let replies: Vec<_> = bodies.iter().map(|body| ok(operation, body)).collect();
            each(protocol, operation, input, &replies, cases);
        };
        add(
            "DescribeKinds",
            &json!({ "Token": "t" }),
            &[
                "<String/><Int>3</Int><Unknown><a>b</a></Unknown><Flag>false</Flag>",
                "<String> spaced &amp; &#xe9; <![CDATA[<raw>]]></String><Flag>true</Flag>",
                "<!-- note --><String>a<!-- b -->c</String>",
                "<Double>NaN</Double><Float>Infinity</Float>",
                "<Double>1</Double><Long>9007199254740993</Long><Int>-1</Int>",
                "<Time>2024-01-01T00:00:00.5Z</Time><Rfc>Mon, 01 Jan 2024 00:00:00 GMT</Rfc><Unix>1700000000</Unix>",
                "<Time>1700000000</Time><Iso>2024-01-01T00:00:00+02:00</Iso><Bytes>aGk=</Bytes>",
                "",
            ],
        );
        add(
            "DescribeLists",
            &json!({}),
            &[
                "<Texts/><Items><item>a</item><item/></Items><Flat>a</Flat><Flat>b</Flat>",
                "<item>a</item><item>b</item><renamed-list><member>a</member></renamed-list>",
                "<renamedFlat>a</renamedFlat><flat-item>b</flat-item><ShapeName>c</ShapeName>",
                "<Nested><member><member>a</member></member><member/></Nested><Ints><member>1</member></Ints>",
                "<Inner><flatRenamed>a</flatRenamed><Deep><item>b</item></Deep></Inner>",
                "<Times><member>2024-01-01T00:00:00Z</member></Times><Blobs><member>aGk=</member></Blobs>",
            ],
        );
        add(
            "DescribeMaps",
            &json!({}),
            &[
                "<Plain><entry><key>a</key><value>b</value></entry><entry><key>c</key><value/></entry></Plain>",
                "<Named><entry><K>a</K><V>b</V></entry></Named><FlatNamed><K>a</K><V>b</V></FlatNamed>",
                "<Flat><key>a</key><value>b</value></Flat><Flat><key>c</key><value>d</value></Flat><Plain/>",
                "<renamed.map><entry><key>a</key><value>b</value></entry></renamed.map>",
                "<Lists><entry><key>a</key><value><member>b</member></value></entry></Lists>",
                "<Maps><entry><key>a</key><value><entry><key>b</key><value>c</value></entry></value></entry></Maps>",
            ],
        );
        add(
            "DescribeNames",
            &json!({}),
            &[
                "<lowercase>a</lowercase><located>b</located><Queried>c</Queried><both>d</both>",
                "<Spaced xmlns='urn:spaced' Attr='h'><In>g</In></Spaced><SpacedText xmlns='urn:text'>j</SpacedText>",
            ],
        );
        add(
            "DescribeUnion",
            &json!({ "Either": { "Text": "a" } }),
            &[
                "<Either><number>3</number></Either>",
                "<Either><Newer>3</Newer></Either>",
                "<Either/>",
            ],
        );
        add(
            "DescribeTree",
            &json!({}),
            &["<Child/><Children/><ByName/>", "<Child><Name/></Child>"],
        );
        each(protocol, "DescribeKinds", &json!({ "Token": "t" }), &xml_errors(protocol), cases);
    }
}

fn xml_errors(protocol: &str) -> Vec<Value> {
    let usual = "<ErrorResponse xmlns='urn:e'><Error><Type>Sender</Type>BODY</Error>\
        <RequestId>r</RequestId></ErrorResponse>";
    let forms = match protocol {
        "ec2" => {
            vec![
                "<Response><Errors><Error>BODY</Error></Errors><RequestID>r</RequestID></Response>",
            ]
        }
        "rest-xml" => {
            vec![usual, "<Error>BODY<RequestId>r</RequestId><HostId>h</HostId></Error>"]
        }
        _ => vec![usual],
    };
    let bodies = [
        "<Code>Odd</Code><Message>m</Message><detail>d</detail>",
        "<Code>Coded.Differently</Code><message>m</message><Count>3</Count>",
        "<Code>Unknown</Code><Message/>",
        "<Message>no code</Message>",
        "",
    ];
    let pairs = forms.iter().flat_map(|form| bodies.iter().map(|body| form.replace("BODY", body)));
    let mut replies: Vec<_> = pairs.map(|body| reply(400, &[("x-detail", "h")], &body)).collect();
    for (status, body) in [(404, ""), (403, "Forbidden"), (500, ""), (503, "<html>no</html>")] {
        replies.push(reply(status, &[("x-amz-request-id", "r")], body));
    }
    replies
}

fn header_replies(cases: &mut Vec<Value>) {
    let replies = |body: &str| {
        [
            reply(
                200,
                &[("x-text", "a"), ("x-flag", "true"), ("x-int", "3"), ("x-double", "1.5")],
                body,
            ),
            reply(200, &[("x-text", ""), ("x-flag", "False"), ("x-double", "NaN")], body),
            reply(
                200,
                &[("x-time", "Mon, 01 Jan 2024 00:00:00 GMT"), ("x-iso", "2024-01-01T00:00:00Z")],
                body,
            ),
            reply(
                200,
                &[("x-texts", "a, b,c"), ("x-ints", "1, 2"), ("x-flags", "true, false")],
                body,
            ),
            reply(200, &[("x-texts", r#""a,b", "c\"d", e"#)], body),
            reply(
                200,
                &[("x-json", "eyJhIjogWzFdfQ=="), ("x-any-one", "1"), ("x-any-two", "")],
                body,
            ),
            reply(206, &[], body),
        ]
    };
    each("rest-json", "GetHeaders", &json!({}), &replies(""), cases);
    each("rest-json", "GetHeaders", &json!({}), &replies("{}"), cases);
    each("rest-xml", "GetHeaders", &json!({}), &replies(""), cases);
    let payloads = [
        ("rest-json", r#"{"Name": "a"}"#),
        ("rest-xml", "<Wood xmlns='urn:wood'><Name>a</Name></Wood>"),
    ];
    for (protocol, body) in payloads {
        let replies = [reply(200, &[("x-h", "b")], body), reply(200, &[], "")];
        each(protocol, "GetPayload", &json!({}), &replies, cases);
        let raw = [reply(200, &[("content-type", "image/png")], "raw"), reply(200, &[], "")];
        each(protocol, "GetBlob", &json!({}), &raw, cases);
        each(protocol, "GetText", &json!({}), &raw, cases);
        let mixed = [reply(200, &[("x-h", "b")], ""), reply(200, &[], body)];
        each(protocol, "GetMixed", &json!({ "Id": "a" }), &mixed, cases);
    }
}
