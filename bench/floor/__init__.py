"""The same answers by hand: what this machine can do under the same server. A bound, no product."""
