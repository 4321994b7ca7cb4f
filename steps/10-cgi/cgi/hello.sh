#!/bin/sh
# A program for a response: fields, an empty line, and a body. Here these are
# the variables of this process, and what it can read.
printf 'Content-Type: text/plain\n\n'
tr '\0' '\n' < /proc/$$/environ
cat
