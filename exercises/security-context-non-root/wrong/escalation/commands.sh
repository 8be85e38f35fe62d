kubectl apply -f app.yaml
kubectl delete pod web
kubectl apply -f web.yaml
