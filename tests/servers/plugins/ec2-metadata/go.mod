module vault-cipher.test/plugins/ec2-metadata

go 1.23.0

require github.com/aws/amazon-ec2-metadata-mock v1.13.0
