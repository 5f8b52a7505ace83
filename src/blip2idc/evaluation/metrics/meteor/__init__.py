"""METEOR 1.5 (Denkowski and Lavie, WMT 2014), options `-l en -norm`: exact, in this process, or by the authors' jar."""
