"""The world `edits`: any photograph, before and after one edit, with a sentence that names the edit."""
