"""Makes removebg-lite: data, labels, network, training, export."""
