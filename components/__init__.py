"""What people see: frozen view models and the htpy functions that draw them; knows nothing of who fills them."""
