"""RingCentral App Connect: a phone rings, who is it? Its interfaces as views of the services that exist.

App Connect's server calls a fixed set of functions, each of which is one address here. What that server loads is in
``integrations/app-connect/``. Later apps register their kinds of callers with ``sources``.
"""
