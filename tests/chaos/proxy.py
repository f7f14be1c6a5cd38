"""proxy.py - a TCP hop in front of PostgreSQL whose connections can be cut at bad moments"""
import select
import socket
import threading


class Proxy(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.pairs = set()
        self.deaf_after = None  # bytes that clients may still send before answers are lost
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        pair = (client, server)
        with self.lock:
            self.pairs.add(pair)
        try:
            while self.pass_on(client, server):
                pass
        except OSError:
            pass
        with self.lock:
            self.pairs.discard(pair)
        for end in pair:
            end.close()

    def pass_on(self, client, server):
        for end in select.select((client, server), (), (), 1)[0]:
            data = end.recv(65536)
            if not data:
                return False
            if end is client:
                server.sendall(data)
                self.note_sent(len(data))
            elif not self.deaf():
                client.sendall(data)
        return True

    def note_sent(self, size):
        with self.lock:
            if self.deaf_after is not None:
                self.deaf_after -= size

    def deaf(self):
        with self.lock:
            return self.deaf_after is not None and self.deaf_after <= 0

    def lose_answers(self, after):
        """what the server says once `after` more bytes were sent to it is thrown away"""
        with self.lock:
            self.deaf_after = after

    def cut(self):
        with self.lock:
            pairs, self.deaf_after = list(self.pairs), None
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        self.listener.close()
        self.cut()
