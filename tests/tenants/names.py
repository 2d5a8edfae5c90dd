"""A name server of one's own: real DNS over UDP, on this machine alone."""

import socket
import threading
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    """Answers TXT questions from `records`: name -> values. `rcode` and `is_silent` are its troubles."""

    def __init__(self):
        self.records: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.rcode = dns.rcode.NOERROR
        self.is_silent = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def serve(self) -> None:
        while True:
            data, client = self.socket.recvfrom(4096)
            if not data:
                return
            if not self.is_silent:
                self.socket.sendto(self.answer(dns.message.from_wire(data)).to_wire(), client)

    def answer(self, question):
        response = dns.message.make_response(question)
        response.flags |= dns.flags.RA
        name = question.question[0].name
        self.asked.append(name.to_text(omit_final_dot=True))
        values = self.records.get(self.asked[-1])
        if self.rcode != dns.rcode.NOERROR:
            response.set_rcode(self.rcode)
        elif values is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif values:
            quoted = ['"' + value.replace("|", '" "') + '"' for value in values]  # | parts one long value
            response.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *quoted))
        return response


@contextmanager
def running():
    server = NameServer()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", ("127.0.0.1", server.port))
        thread.join(timeout=5)
        server.socket.close()
