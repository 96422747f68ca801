//! Record store on DynamoDB, for deployments of more than one machine.
