// Command vault-server is OpenBao's own command line: `vault-server server -dev`, `vault-server kv get` and so on.
package main

import (
	"os"

	"github.com/openbao/openbao/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:]))
}
