"""Stand-in for a Qdrant server: a part of its REST API over the real engine in this process (qdrant-edge-py).

What the server adds to the engine (collections over several machines, snapshots, users) is not here, and the engine compares
all vectors: its HNSW graph is not built. The engine's Python binding takes true for 1, so booleans are kept as marked texts.
Arguments: folder of the collections, API key ("" for none). It listens on a free
port of 127.0.0.1 and prints it.
"""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import qdrant_edge as edge

folder, api_key = Path(sys.argv[1]), sys.argv[2]
lock = threading.Lock()
collections = {}


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


def config_of(vectors):
    distance = getattr(edge.Distance, vectors["distance"])
    return edge.EdgeConfig(vectors=edge.EdgeVectorParams(size=vectors["size"], distance=distance))


def collection(name):
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        raise Refused(422, f"Collection name {name!r} is not valid")
    if name not in collections:
        place = folder / name
        if not (place / "collection.json").exists():
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
        vectors = json.loads((place / "collection.json").read_text())
        collections[name] = (vectors, edge.EdgeShard.load(str(place / "shard"), config_of(vectors)))
    return collections[name]


def create(name, body):
    try:
        collection(name)
    except Refused as refused:
        if refused.status != 404:
            raise
    else:
        raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
    place = folder / name
    (place / "shard").mkdir(parents=True, exist_ok=True)
    shard = edge.EdgeShard.create(str(place / "shard"), config_of(body["vectors"]))
    (place / "collection.json").write_text(json.dumps(body["vectors"]))
    collections[name] = (body["vectors"], shard)
    return True


def marked(value):
    if isinstance(value, bool):
        return f"\u0001{value}"
    return {key: marked(each) for key, each in value.items()} if isinstance(value, dict) else value


def condition(given):
    if "key" not in given:
        return filter_of(given)
    if "match" in given:
        return edge.FieldCondition(given["key"], match=edge.MatchValue(marked(given["match"]["value"])))
    limits = {name: float(value) for name, value in given["range"].items()}
    return edge.FieldCondition(given["key"], range=edge.RangeFloat(**limits))


def filter_of(given):
    if given is None:
        return None
    return edge.Filter(**{kind: [condition(each) for each in given[kind]] for kind in given})


def payload_of(selected):
    return edge.PayloadSelector.Include(selected) if isinstance(selected, list) else bool(selected)


def describe(name, _):
    vectors, _shard = collection(name)
    return {"status": "green", "optimizer_status": "ok", "config": {"params": {"vectors": vectors}}}


def index(name, body):
    _, shard = collection(name)
    kind = getattr(edge.PayloadSchemaType, body["field_schema"].capitalize())
    shard.update(edge.UpdateOperation.create_field_index(body["field_name"], kind))
    return updated()


def upsert(name, body):
    vectors, shard = collection(name)
    for point in body["points"]:
        if len(point["vector"]) != vectors["size"]:
            raise Refused(400, f"Wrong input: Vector dimension error: expected dim: {vectors['size']}, got {len(point['vector'])}")
    points = [edge.Point(point["id"], point["vector"], marked(point["payload"])) for point in body["points"]]
    shard.update(edge.UpdateOperation.upsert_points(points))
    return updated()


def delete(name, body):
    _, shard = collection(name)
    shard.update(edge.UpdateOperation.delete_points(body["points"]))
    return updated()


def updated():
    return {"operation_id": 0, "status": "completed"}


def query(name, body):
    _, shard = collection(name)
    params = body.get("params") or {}
    found = shard.query(
        edge.QueryRequest(
            query=edge.Query.Nearest(body["query"]),
            limit=body["limit"],
            filter=filter_of(body.get("filter")),
            params=edge.SearchParams(exact=params.get("exact", False), hnsw_ef=params.get("hnsw_ef")),
            with_payload=payload_of(body.get("with_payload")),
        )
    )
    return {"points": [{"id": str(each.id), "version": each.version, "score": each.score, "payload": each.payload} for each in found]}


def count(name, body):
    _, shard = collection(name)
    return {"count": shard.count(edge.CountRequest(exact=body.get("exact", True), filter=filter_of(body.get("filter"))))}


def scroll(name, body):
    _, shard = collection(name)
    request = edge.ScrollRequest(
        offset=body.get("offset"), limit=body.get("limit"), with_payload=payload_of(body.get("with_payload"))
    )
    records, offset = shard.scroll(request)
    return {
        "points": [{"id": str(each.id), "payload": each.payload} for each in records],
        "next_page_offset": None if offset is None else str(offset),
    }


routes = {
    ("GET", ""): describe,
    ("PUT", ""): create,
    ("PUT", "/index"): index,
    ("PUT", "/points"): upsert,
    ("POST", "/points/query"): query,
    ("POST", "/points/count"): count,
    ("POST", "/points/scroll"): scroll,
    ("POST", "/points/delete"): delete,
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            if api_key and self.headers.get("api-key") != api_key:
                raise Refused(401, "Invalid API key or JWT")
            match = re.fullmatch(r"/collections/([^/?]+)([^?]*)(\?.*)?", self.path)
            route = match and routes.get((self.command, match[2]))
            if not route:
                raise Refused(404, f"This stand-in has no {self.command} {self.path}")
            with lock:
                result = route(match[1], json.loads(body) if body else {})
            self.send(200, {"result": result, "status": "ok", "time": 0})
        except Refused as refused:
            self.send(refused.status, {"status": {"error": str(refused)}, "time": 0})
        except Exception as error:
            self.send(500, {"status": {"error": repr(error)}, "time": 0})

    do_GET = do_PUT = do_POST = answer

    def send(self, status, document):
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


folder.mkdir(parents=True, exist_ok=True)
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    pass
finally:
    for _, shard in collections.values():
        shard.close()
