"""What clients see, and origins are asked, when origins fail: Lawu beside nginx. See docs/failures.md."""
