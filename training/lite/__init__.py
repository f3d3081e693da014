"""How removebg-lite is made: data, labels, network, training, export."""
