kernel-y += drivers/serial.c
