"""What the agent can do: one tool is one file, listed by hand in `catalog.TOOLS`.

`tool` is the contract and `schema` its JSON Schema. The four tools are `search_kb`, `get_order`, `create_ticket` and
`handoff_human`. Behind `get_order` stands one seam, `orders`, with two sources: the orders table and `woocommerce`.
"""
