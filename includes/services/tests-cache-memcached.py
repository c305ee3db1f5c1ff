class Handler(StreamRequestHandler):
    """A fake Memcached: it accepts every write, every counter is 1, and `missing` does not exist.

    It speaks the text protocol: a value follows its length.
    """

    def handle(self) -> None:
        while line := self.rfile.readline():
            if line.startswith(b"set"):
                self.rfile.read(int(line.split()[4]) + 2)
            counted = b"NOT_FOUND\r\n" if b":1:missing" in line else b"1\r\n"
            self.wfile.write(b"STORED\r\n" if line.startswith(b"set") else counted)


def cache_at(port: int) -> Cache:
    return Cache(f"127.0.0.1:{port}", {})


def hang_up(cache: Cache) -> None:
    cache.close()
