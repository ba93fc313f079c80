module vault-cipher.test/plugins/azure

go 1.25.0

require (
	github.com/hashicorp/vault-plugin-auth-azure v0.22.0
)
replace github.com/microsoftgraph/msgraph-sdk-go => ./stub
