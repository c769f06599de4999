"""Methods and step control; knows nothing of Vensim."""
