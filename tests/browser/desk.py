"""A server with a queue of requests for people, and what one does at the console in front of it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page
from real_server import RealServer

REPLIES = {
    "track": "You can follow your parcel with the tracking link in your mail.",
    "refund": "We refund the money within five days.",
    "size": "The size chart tells you which shoe fits.",
    "gift": "Gift cards never expire.",
}


class Service(RealServer):
    """A server process of this module, and an owner's hand in it."""

    def surface(self, name: str) -> None:
        self.fill(name, REPLIES)
        self.api.put(f"/v1/surfaces/{name}/policy", json={"mode": "review_all"}).raise_for_status()

    def ask(self, *texts: str, surface: str = "desk", **context: object) -> list[str]:
        """Escalate these; the ids of their escalations."""
        ids = []
        for text in texts:
            body = {"surface": surface, "context": {"text": text, **context}}
            slate = self.api.post("/v1/suggest", json=body).raise_for_status().json()
            ids.append(slate["escalation"]["id"])
        return ids

    def state(self, escalation: str) -> dict[str, object]:
        return dict(self.api.get(f"/v1/escalations/{escalation}").raise_for_status().json())

    def take_away(self, page: Page) -> None:
        """Let someone else answer what lies on this page's desk."""
        task = page.locator(".task")
        review, lease = task.get_attribute("data-review"), task.get_attribute("data-lease")
        self.api.post(f"/v1/reviews/{review}/release", json={"lease": lease}).raise_for_status()
        for _ in range(20):
            held = self.api.post("/v1/reviews/claim", json={}).raise_for_status().json()
            if held["id"] == review:
                answer = {"eid": f"other-{next(self._count)}", "lease": held["lease"], "none": True}
                self.api.post(f"/v1/reviews/{review}/verdict", json=answer).raise_for_status()
                return
        raise AssertionError("the review was not offered")

    def put_back(self, page: Page) -> None:
        """Leave the console: what lies on it goes back at once, and not into another test when its lease runs out."""
        lying = [(each.get_attribute("data-review"), each.get_attribute("data-lease")) for each in tasks(page)]
        page.goto("about:blank")
        for review, lease in lying:
            self.api.post(f"/v1/reviews/{review}/release", json={"lease": lease})

    def drain(self) -> None:
        """Answer everything that waits, so that each test begins with an empty queue."""
        while (held := self.api.post("/v1/reviews/claim", json={})).status_code == 200:
            review = held.json()
            answer = {"eid": f"drain-{next(self._count)}", "lease": review["lease"], "none": True}
            self.api.post(f"/v1/reviews/{review['id']}/verdict", json=answer).raise_for_status()


def tasks(page: Page) -> list[Locator]:
    """What lies on the desk: one request, or none."""
    return page.locator(".task").all()


def next_after(page: Page, act: Callable[[], object]) -> None:
    """Do something and wait until another request, or none, lies on the desk."""
    review = page.locator(".task").get_attribute("data-review")
    act()
    page.locator(f"#task:not(:has([data-review='{review}']))").wait_for()


def waiting(page: Page, served: Service, *texts: str, **context: object) -> list[str]:
    """Escalate these and wait until one of them lies on the desk by itself; who comes first is the queue's affair."""
    ids = served.ask(*texts, **context)
    page.locator(".task").wait_for()
    return ids


def lying(page: Page) -> str:
    """The review that lies on the desk."""
    return str(page.locator(".task").get_attribute("data-review"))


def press(page: Page, key: str) -> str:
    """Press a key that brings another request; the review that lay there before."""
    before = lying(page)
    next_after(page, lambda: page.keyboard.press(key))
    return before
