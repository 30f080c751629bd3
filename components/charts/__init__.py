"""Charts as SVG written on the server: geometry in attributes, looks in classes, words and figures in the document."""
