class Handler(StreamRequestHandler):
    """A fake Redis: it accepts every write, every counter is 1, and `missing` does not exist.

    It speaks RESP: a command is an array of strings, each after its length.
    """

    def handle(self) -> None:
        while line := self.rfile.readline():
            words = [
                self.rfile.read(int(self.rfile.readline()[1:]) + 2) for _ in range(int(line[1:]))
            ]
            self.wfile.write(b"$-1\r\n" if b":1:missing\r\n" in words else b":1\r\n")


def cache_at(port: int) -> Cache:
    return Cache(f"redis://127.0.0.1:{port}/0?protocol=2", {})


def hang_up(cache: Cache) -> None:
    cache._cache.get_client().connection_pool.disconnect()  # noqa: SLF001  # as Django has it
