"""Passes connections on: relay.py READY FROM=TO ...

FROM and TO are HOST:PORT or the path of a unix socket. The file READY is made when all of them are listened on. Ends with its parent.
"""

import asyncio
import os
import pathlib
import sys


def host_and_port(place):
    host, port = place.rsplit(":", 1)
    return host.strip("[]"), int(port)


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def listen(source, target):
    async def relay(reader, writer):
        try:
            if target.startswith("/"):
                opened = await asyncio.open_unix_connection(target)
            else:
                opened = await asyncio.open_connection(*host_and_port(target))
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, opened[1]), copy(opened[0], writer))

    if source.startswith("/"):
        await asyncio.start_unix_server(relay, source)
    else:
        await asyncio.start_server(relay, *host_and_port(source))


async def main(ready, *pairs):
    parent = os.getppid()
    for pair in pairs:
        await listen(*pair.split("=", 1))
    pathlib.Path(ready).touch()
    while os.getppid() == parent:
        await asyncio.sleep(0.2)


asyncio.run(main(*sys.argv[1:]))
