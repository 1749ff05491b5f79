# Races planted on purpose, in the kernel that explores alone.
explore-y += tests/explore/test_planted.c
