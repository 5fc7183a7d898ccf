"""How much faster or slower than its stage's baseline each record goes each way."""
