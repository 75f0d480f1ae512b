"""The console: what people see and do in a browser. It is handed what it shows, and reaches no store itself."""
