# The machine of the host's unit tests.
hostsrc-y += arch/host/machine.c
