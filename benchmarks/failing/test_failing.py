import socket
import threading
import unittest

from failing import client, scenarios
from failing.bodies import BODY_BYTES, body
from failing.client import Client, Seen
from failing.origin import CHUNKED, WHOLE, Connection


class ClientTest(unittest.TestCase):

    def ask(self, *answers):
        """What a client sees of an origin that sends these bytes and closes."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def serve():
            sock, _ = server.accept()
            sock.recv(65536)
            sock.sendall(b"".join(answers))
            sock.close()
        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)
        one = Client(server.getsockname()[1])
        self.addCleanup(one.close)
        return one.ask("GET", "/ok", "a-1")

    def test_a_right_body_is_whole(self):
        seen = self.ask(WHOLE, body("a-1"))
        self.assertEqual((200, BODY_BYTES, "whole", ""), (seen.status, seen.body_bytes, seen.end, seen.wrong))
        chunked = self.ask(CHUNKED, b"%x\r\n" % BODY_BYTES, body("a-1"), b"\r\n0\r\n\r\n")
        self.assertEqual((BODY_BYTES, "whole", ""), (chunked.body_bytes, chunked.end, chunked.wrong))

    def test_a_body_that_ends_early_is_closed_and_counted(self):
        seen = self.ask(WHOLE, body("a-1")[:1000])
        self.assertEqual((200, 1000, "closed", ""), (seen.status, seen.body_bytes, seen.end, seen.wrong))

    def test_another_requests_body_is_wrong(self):
        self.assertIn("not this request's", self.ask(WHOLE, body("a-2")).wrong)

    def test_a_short_body_that_looks_whole_is_wrong(self):
        seen = self.ask(CHUNKED, b"3e8\r\n", body("a-1")[:1000], b"\r\n0\r\n\r\n")
        self.assertIn("1000 bytes look whole", seen.wrong)

    def test_no_answer_is_a_hang(self):
        old, client.HANG_SECONDS = client.HANG_SECONDS, 0.2
        self.addCleanup(setattr, client, "HANG_SECONDS", old)
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        self.assertEqual("hang", Client(server.getsockname()[1]).ask("GET", "/ok", "a-1").end)


class OriginTest(unittest.TestCase):

    def ask(self, behaviour):
        near, far = socket.socketpair()
        self.addCleanup(near.close)
        log = []
        thread = threading.Thread(target=Connection(far, lambda *line: log.append(line)).run)
        thread.start()
        near.sendall(f"POST /{behaviour}/b-1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc".encode())
        near.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: near.recv(65536), b""))
        thread.join()
        return answer, log

    def test_answers_with_the_body_of_the_id(self):
        answer, log = self.ask("ok")
        self.assertEqual(WHOLE + body("b-1"), answer)
        self.assertEqual([("POST", "b-1", "answered")], log)

    def test_closes_where_it_is_told_to(self):
        self.assertEqual(WHOLE + body("b-1")[:BODY_BYTES // 2], self.ask("close-mid-body")[0])
        self.assertEqual(b"", self.ask("close-before-head")[0])

    def test_every_behaviour_of_the_scenarios_is_known(self):
        for _, _, first, behaviour in scenarios.SINGLE:
            for each in filter(None, (first, behaviour)):
                with self.subTest(each):
                    self.assertTrue(self.ask(each)[1])


class ResultTest(unittest.TestCase):

    def test_a_post_that_came_twice_is_a_problem_but_not_a_get(self):
        seen = [Seen(method, method, 200, 0, "whole", 0.1) for method in ("GET", "POST")]
        log = [(method, method, "answered") for method in ("GET", "POST") * 2]
        problems = scenarios.Result("x", seen, log).problems()
        self.assertEqual(["x: POST POST came to the origin 2 times"], problems)

    def test_hangs_and_wrong_bodies_are_problems(self):
        seen = [Seen("GET", "1", 0, 0, "hang", 7.0), Seen("GET", "2", 200, 1, "whole", 0.1, "bad")]
        self.assertEqual(2, len(scenarios.Result("x", seen, []).problems()))


class BlackholeTest(unittest.TestCase):

    def test_nobody_gets_in(self):
        with scenarios.blackhole() as port, self.assertRaises(socket.timeout):
            socket.create_connection(("127.0.0.1", port), timeout=0.3)


if __name__ == "__main__":
    unittest.main()
