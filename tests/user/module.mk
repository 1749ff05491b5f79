# Programs of the whole-system tests, tests/user/NAME.c: static Linux programs
# that run on the build machine too, with either C library.
testuser-y := signal_faults signals faults pointers registers memory fork \
	threads jobs fuzz_calls exec storm files pipes proc locks
testuser-y += rings calls handles rounds parcels awake
testuser-y += transfer events timers garbage pty seals
testuser-y += families names unshare
testuser-y += hogs accounts busy sockets
