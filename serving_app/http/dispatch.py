"""`ServiceApp`: Flask, with a short way for what is asked most.

Flask takes 40 µs for a request of which a view takes none: it opens a session, sends signals, looks for
teardown functions and walks the tree of all routes, and none of that is used here. A `GET` of an address
without variables takes the short way of 10 µs, with the same contexts, checks, view and error handlers; every
other request takes Flask's.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from flask import Flask, Response
from flask.ctx import RequestContext
from flask.sessions import NullSession
from werkzeug.routing import MapAdapter, Rule

SHORT = "concierge.short_way"  # in the environ of a request whose route is known already
NO_SESSION = NullSession()
# Of any other host Flask must judge whether it is one at all. Cached by what is sent, so bounded.
PLAIN_HOST = re.compile(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,3}(:[0-9]{1,5})?")

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class ServiceApp(Flask):
    """Flask for views that are plain functions and answer with a `Response`."""

    def ensure_sync(self, func: Callable) -> Callable:
        """The function itself: Flask would look at each of eight a request whether it is a coroutine."""
        return func

    def wsgi_app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """The answer to a request: the short way where its route is one of `_short_rules`."""
        rule = self._find_short_rule(environ)
        if rule is None:
            return super().wsgi_app(environ, start_response)
        environ[SHORT] = True
        with RequestContext(self, environ, session=NO_SESSION) as context:
            context.request.url_rule, context.request.view_args = rule, {}
            try:
                response = self._call_view(rule)
                for finish in self._finishers:
                    response = finish(response)
            except Exception as error:
                response = self.handle_exception(error)
            if response.status_code != 200 or not isinstance(response.response, list):
                return response(environ, start_response)
        # A list has a server send all of it at once. Its length is in the headers since it was set.
        start_response(response.status, response.headers.to_wsgi_list())
        return response.response

    def do_teardown_request(self, *args: Any) -> None:
        """Flask's, where a feature has a teardown function."""
        if self.teardown_request_funcs:
            super().do_teardown_request(*args)

    def do_teardown_appcontext(self, *args: Any) -> None:
        """Flask's, where a feature has a teardown function."""
        if self.teardown_appcontext_funcs:
            super().do_teardown_appcontext(*args)

    def create_url_adapter(self, request: Any) -> MapAdapter | None:
        """What finds the route of a request; None for one whose route is known."""
        if request is None or SHORT in request.environ:
            return None
        return super().create_url_adapter(request)

    def _call_view(self, rule: Rule) -> Response:
        try:
            for check in self.before_request_funcs[None]:
                if (response := check()) is not None:
                    return response
            return self.view_functions[rule.endpoint]()
        except Exception as error:
            return self.make_response(self.handle_user_exception(error))

    def _find_short_rule(self, environ: Mapping[str, Any]) -> Rule | None:
        """The route of a request that may take the short way; None for any other."""
        if environ["REQUEST_METHOD"] != "GET" or environ.get("SCRIPT_NAME") or "HTTP_UPGRADE" in environ:
            return None
        rule = self._short_rules.get(environ.get("PATH_INFO", ""))
        return rule if rule and is_plain_host(environ.get("HTTP_HOST", "")) else None

    @cached_property
    def _short_rules(self) -> Mapping[str, Rule]:
        """The routes without variables, by address, of blueprints without checks of their own. Asked with the
        first request, when all are registered.
        """
        self._got_first_request = True  # as Flask's way notes it: it refuses what is registered from now on
        own_checks = {*self.before_request_funcs, *self.after_request_funcs, *self.url_value_preprocessors}
        return {
            rule.rule: rule
            for rule in self.url_map.iter_rules()
            if not (rule.arguments or rule.defaults)
            and "GET" in (rule.methods or ())
            and rule.endpoint.rpartition(".")[0] not in own_checks
        }

    @cached_property
    def _finishers(self) -> tuple[Callable[[Response], Response], ...]:
        return tuple(reversed(self.after_request_funcs[None]))


@lru_cache(maxsize=256)
def is_plain_host(host: str) -> bool:
    """Whether a host is a name or address of common letters, with or without a port."""
    return PLAIN_HOST.fullmatch(host) is not None
